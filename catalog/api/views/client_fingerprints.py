"""A fingerprint that the client made, in place of audio."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from catalog.api import examples
from catalog.api.base import account_of
from catalog.api.bodies.client_fingerprints import FingerprintUploadSerializer
from catalog.api.bodies.contract import MusicSerializer
from catalog.api.call import call_of
from catalog.api.idempotency import form_digest, repeatable
from catalog.api.openapi import CONFLICT, REFUSALS, invalid
from catalog.api.parsers import UploadParser
from catalog.api.uploads import refuse_unread
from catalog.services.errors import UploadRefusedError
from catalog.services.tracks.client_fingerprints import add_client_track, max_fingerprint_bytes
from catalog.services.tracks.file_names import title_of

ENDING = ".fp"


def _too_large() -> serializers.ValidationError:
    kilobytes = max_fingerprint_bytes() // 1024
    return serializers.ValidationError({"fingerprint": [f"This is larger than the limit of {kilobytes} kB."]})


class ClientFingerprintView(APIView):
    """Takes a fingerprint into the catalog."""

    parser_classes = [UploadParser]

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Refuse what need not be read to be refused."""
        super().initial(request, *args, **kwargs)
        refuse_unread(request, most_bytes=max_fingerprint_bytes(), too_large=_too_large())

    def body_digest(self, request: Request) -> str:
        """Return what two uploads of the same fingerprint under the same title have in common."""
        digest = form_digest(request)
        if call_of(request).upload_too_large:
            raise _too_large()
        return digest

    @extend_schema(
        operation_id="upload_fingerprint",
        summary="Upload a fingerprint in place of audio",
        request={"multipart/form-data": FingerprintUploadSerializer},
        responses={
            200: MusicSerializer,
            **REFUSALS,
            **CONFLICT,
            422: invalid("fingerprint", "This fingerprint is damaged."),
        },
        examples=[examples.UPLOADED],
    )
    @repeatable()
    def post(self, request: Request) -> Response:
        """Store the fingerprint; the answer's musicId names the track from now on.

        Until staff confirm it, only checks of the caller's own tracks find it.
        """
        form = FingerprintUploadSerializer(data=request.data)
        if call_of(request).upload_too_large:
            raise _too_large()
        form.is_valid(raise_exception=True)
        sent = form.validated_data["fingerprint"]
        if sent.size > max_fingerprint_bytes():
            raise _too_large()
        title = form.validated_data.get("title") or title_of(sent.name.removesuffix(ENDING))
        try:
            track = add_client_track(owner=account_of(request), data=sent.read(), title=title)
        except UploadRefusedError as error:
            raise serializers.ValidationError({"fingerprint": [str(error)]}) from error
        return Response(MusicSerializer(track).data)
