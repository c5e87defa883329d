"""A fingerprint that the client made, in place of audio."""

from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from catalog.api import examples
from catalog.api.base import account_of, tracks_of
from catalog.api.bodies.client_fingerprints import FingerprintUploadSerializer
from catalog.api.bodies.contract import MusicSerializer
from catalog.api.call import call_of
from catalog.api.idempotency import form_digest, repeatable
from catalog.api.openapi import CONFLICT, NO_TRACK, REFUSALS, invalid
from catalog.api.parsers import UploadParser
from catalog.api.uploads import refuse_unread
from catalog.models import Track
from catalog.services.errors import UploadRefusedError
from catalog.services.tracks.client_fingerprints import add_client_track, max_fingerprint_bytes, replace_outdated
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

        Until staff confirm it, only checks of the caller's own tracks find it. With a `musicId` it takes the place of
        that track's outdated one.
        """
        form = FingerprintUploadSerializer(data=request.data)
        if call_of(request).upload_too_large:
            raise _too_large()
        form.is_valid(raise_exception=True)
        sent = form.validated_data["fingerprint"]
        if sent.size > max_fingerprint_bytes():
            raise _too_large()
        title = form.validated_data.get("title") or title_of(sent.name.removesuffix(ENDING))
        music_id = form.validated_data.get("musicId")
        try:
            if music_id:
                track = _track(request, music_id)
                replace_outdated(track=track, data=sent.read())
            else:
                track = add_client_track(owner=account_of(request), data=sent.read(), title=title)
        except UploadRefusedError as error:
            raise serializers.ValidationError({"fingerprint": [str(error)]}) from error
        return Response(MusicSerializer(track).data)


def _track(request: Request, music_id: UUID) -> Track:
    track = tracks_of(request).select_related("owner").filter(music_id=music_id).first()
    if track is None:
        raise serializers.ValidationError({"musicId": [NO_TRACK]})
    return track
