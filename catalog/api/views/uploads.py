"""Resumable uploads: tus 1.0, where files are stored on this disk."""

from datetime import datetime
from email.utils import format_datetime
from typing import Any

from django.conf import settings
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from catalog.api import examples, tus
from catalog.api.base import account_of, uuid_of
from catalog.api.bodies.uploads import UploadStateSerializer
from catalog.api.idempotency import json_digest, repeatable
from catalog.api.openapi import CONFLICT, REFUSALS, invalid
from catalog.api.parsers import SmallJSONParser
from catalog.api.tus_schema import BUSY, CREATION, NO_SUCH_UPLOAD, NO_UPLOAD, PIECE, PIECE_REFUSALS, TUS
from catalog.models import Upload
from catalog.services.errors import UploadRefusedError
from catalog.services.uploads import presigned, resumable
from catalog.services.uploads.errors import UploadError


class OwnUploadView(APIView):
    """A call about uploads of the caller."""

    parser_classes = [SmallJSONParser]

    def upload(self, request: Request, upload_id: str, **filters: Any) -> Upload:
        """Return one of the caller's uploads. Raises `NotFound` for any other."""
        uuid = uuid_of(upload_id)
        rows = Upload.objects.select_related("track", "owner").filter(owner=account_of(request), **filters)
        found = rows.filter(pk=uuid).first() if uuid else None
        if found is None:
            raise NotFound(NO_UPLOAD)
        return found

    def body_digest(self, request: Request) -> str:
        """Return what two bodies of the same content have in common."""
        told = [request.headers.get(name, "") for name in ("Upload-Length", "Upload-Metadata")]
        return json_digest([told, request.data])


class _TusView(OwnUploadView):
    """A call whose every answer says the version of tus."""

    def finalize_response(self, request: Request, response: Response, *args: Any, **kwargs: Any) -> Response:
        """Add the headers that the protocol asks for."""
        response = super().finalize_response(request, response, *args, **kwargs)
        response["Tus-Resumable"] = tus.PROTOCOL
        if response.status_code == status.HTTP_412_PRECONDITION_FAILED:
            response["Tus-Version"] = tus.PROTOCOL
        return response


class UploadsView(_TusView):
    """Begins resumable uploads, and says what of tus is spoken."""

    def finalize_response(self, request: Request, response: Response, *args: Any, **kwargs: Any) -> Response:
        """Say where the new upload is; also where the answer is one of before."""
        response = super().finalize_response(request, response, *args, **kwargs)
        if response.status_code == status.HTTP_201_CREATED:
            response["Location"] = response.data["url"]
            response["Upload-Expires"] = _http_date(datetime.fromisoformat(response.data["expires_at"]))
        return response

    @extend_schema(exclude=True)
    def options(self, request: Request) -> Response:  # noqa: ARG002
        """Answer what is spoken."""
        return Response(
            status=status.HTTP_204_NO_CONTENT,
            headers={
                "Tus-Version": tus.PROTOCOL,
                "Tus-Extension": tus.EXTENSIONS,
                "Tus-Checksum-Algorithm": ",".join(resumable.ALGORITHMS),
                "Tus-Max-Size": str(settings.MAX_RESUMABLE_MB * 1024 * 1024),
            },
        )

    @extend_schema(
        operation_id="begin_upload",
        summary="Begin a resumable upload (tus)",
        parameters=CREATION,
        request=None,
        responses={
            201: UploadStateSerializer,
            **REFUSALS,
            **CONFLICT,
            **TUS,
            422: invalid("Upload-Length", "The file is larger than the limit of 500 MB."),
        },
        examples=[examples.UPLOAD_BEGUN],
    )
    @repeatable()
    def post(self, request: Request) -> Response:
        """Make room for a file; its pieces are sent to the answer's `Location`."""
        tus.require_version(request)
        if not resumable.is_spoken():
            raise serializers.ValidationError({"body": [resumable.IN_A_BUCKET]})
        try:
            upload = resumable.begin(
                owner=account_of(request),
                size_bytes=tus.number_of(request, "Upload-Length"),
                file_name=tus.file_name_of(request),
                metadata=tus.metadata_of(request),
            )
        except UploadRefusedError as refused:
            raise serializers.ValidationError({"Upload-Length": [str(refused)]}) from refused
        return Response(told(upload), status=status.HTTP_201_CREATED)


class UploadView(_TusView):
    """One upload of the caller: how it stands, the next piece of it, its end."""

    @extend_schema(
        operation_id="get_upload",
        summary="Get the state of an upload",
        responses={200: UploadStateSerializer, **REFUSALS, **NO_SUCH_UPLOAD},
        examples=[examples.UPLOAD_DONE],
    )
    def get(self, request: Request, upload_id: str) -> Response:
        """Answer how much has arrived, and the track once there is one."""
        return Response(told(self.upload(request, upload_id)))

    @extend_schema(exclude=True)
    def head(self, request: Request, upload_id: str) -> Response:
        """Answer where the next piece begins, in headers."""
        tus.require_version(request)
        upload = self.upload(request, upload_id, way=Upload.Way.RESUMABLE)
        if upload.state == Upload.State.REFUSED:
            raise tus.TusRefusal(status.HTTP_410_GONE, upload.error)
        return Response(headers=_standing(upload) | {"Cache-Control": "no-store"})

    @extend_schema(
        operation_id="continue_upload",
        summary="Send a piece of a resumable upload (tus)",
        parameters=PIECE,
        request={tus.PIECE: {"type": "string", "format": "binary"}},
        responses={
            204: None,
            **REFUSALS,
            **NO_SUCH_UPLOAD,
            **TUS,
            **PIECE_REFUSALS,
            422: invalid("file", "The file cannot be read as audio."),
        },
    )
    def patch(self, request: Request, upload_id: str) -> Response:
        """Take a piece. After the last one the answer's header `Music-Id` names the track."""
        tus.require_version(request)
        if request.content_type.partition(";")[0].strip() != tus.PIECE:
            raise tus.TusRefusal(status.HTTP_415_UNSUPPORTED_MEDIA_TYPE, f"Send the piece as {tus.PIECE}.")
        upload = self.upload(request, upload_id, way=Upload.Way.RESUMABLE)
        offset, checksum = tus.number_of(request, "Upload-Offset"), tus.checksum_of(request)
        try:
            resumable.receive(upload=upload, offset=offset, read=request._request.read, checksum=checksum)  # noqa: SLF001  (the body, unparsed)
        except UploadError as refused:
            raise tus.refusal(refused) from refused
        except UploadRefusedError as refused:
            raise serializers.ValidationError({"file": [str(refused)]}) from refused
        return Response(status=status.HTTP_204_NO_CONTENT, headers=_standing(upload))

    @extend_schema(
        operation_id="delete_upload",
        summary="Give up an upload",
        responses={204: None, **REFUSALS, **NO_SUCH_UPLOAD, 423: BUSY},
    )
    def delete(self, request: Request, upload_id: str) -> Response:
        """Forget what has arrived. The track of an upload that has ended stays."""
        upload = self.upload(request, upload_id)
        end = resumable.end if upload.way == Upload.Way.RESUMABLE else presigned.end
        try:
            end(upload=upload)
        except UploadError as refused:
            raise tus.refusal(refused) from refused
        return Response(status=status.HTTP_204_NO_CONTENT)


def told(upload: Upload) -> dict[str, Any]:
    """Return how an upload stands, as it is answered."""
    return dict(UploadStateSerializer(upload).data)


def _standing(upload: Upload) -> dict[str, str]:
    """Return the headers that say how far an upload is, and which track came of it."""
    headers = {
        "Upload-Offset": str(upload.received_bytes),
        "Upload-Length": str(upload.size_bytes),
        "Upload-Expires": _http_date(upload.expires_at),
    }
    if upload.metadata:
        headers["Upload-Metadata"] = upload.metadata
    if upload.track:
        headers["Music-Id"] = str(upload.track.music_id)
    return headers


def _http_date(moment: datetime) -> str:
    return format_datetime(moment, usegmt=True)
