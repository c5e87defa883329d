"""Uploads that go straight to the bucket, by a presigned form."""

from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from catalog.api import examples, tus
from catalog.api.base import account_of
from catalog.api.bodies.uploads import BeginSerializer, PresignedSerializer, UploadStateSerializer, presigned_body
from catalog.api.idempotency import repeatable
from catalog.api.openapi import CONFLICT, REFUSALS, error, invalid
from catalog.api.tus_schema import BUSY, NO_SUCH_UPLOAD
from catalog.api.views.uploads import OwnUploadView, told
from catalog.models import Upload
from catalog.services.errors import UploadRefusedError
from catalog.services.uploads import presigned
from catalog.services.uploads.errors import UploadError


class PresignedView(OwnUploadView):
    """Begins uploads that go to the bucket."""

    @extend_schema(
        operation_id="begin_presigned_upload",
        summary="Begin an upload straight to the bucket",
        request=BeginSerializer,
        responses={
            201: PresignedSerializer,
            **REFUSALS,
            **CONFLICT,
            422: invalid("size_bytes", "The file is larger than the limit of 500 MB."),
        },
        examples=[examples.PRESIGN, examples.PRESIGNED],
    )
    @repeatable(in_one_transaction=False)
    def post(self, request: Request) -> Response:
        """Sign a form that stores exactly this file; call `complete` once it is sent."""
        form = BeginSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        try:
            upload, signed = presigned.begin(owner=account_of(request), **form.validated_data)
        except presigned.NoBucketError as refused:
            raise serializers.ValidationError({"body": [str(refused)]}) from refused
        except UploadRefusedError as refused:
            raise serializers.ValidationError({"size_bytes": [str(refused)]}) from refused
        return Response(presigned_body(upload, signed), status=status.HTTP_201_CREATED)


class CompleteView(OwnUploadView):
    """Ends uploads that went to the bucket."""

    @extend_schema(
        operation_id="complete_upload",
        summary="Make the track of a file that is in the bucket",
        request=None,
        responses={
            200: UploadStateSerializer,
            **REFUSALS,
            **NO_SUCH_UPLOAD,
            409: CONFLICT[409],
            410: error("The upload has ended", "The upload was deleted."),
            422: invalid("file", "The file has not arrived in the bucket."),
            423: BUSY,
        },
        examples=[examples.UPLOAD_DONE],
    )
    @repeatable(in_one_transaction=False)
    def post(self, request: Request, upload_id: str) -> Response:
        """Look at the file and make its track; called again, the answer is the same."""
        upload = self.upload(request, upload_id, way=Upload.Way.PRESIGNED)
        try:
            presigned.complete(upload=upload)
        except (presigned.NotThereError, UploadRefusedError) as refused:
            raise serializers.ValidationError({"file": [str(refused)]}) from refused
        except UploadError as refused:
            raise tus.refusal(refused) from refused
        return Response(told(upload))
