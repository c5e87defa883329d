"""The four calls of the contract: parse, call a service, answer."""

from pathlib import Path
from typing import cast

from django.contrib.auth.models import User
from drf_spectacular.utils import OpenApiExample, OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from catalog.api.call import call_of
from catalog.api.errors import UnavailableError
from catalog.api.parsers import SmallJSONParser, UploadParser
from catalog.api.serializers import (
    ErrorSerializer,
    InvalidSerializer,
    MusicIdSerializer,
    MusicSerializer,
    TaskResultSerializer,
    TaskSerializer,
    UploadSerializer,
)
from catalog.api.uploads import FORM_ROOM_BYTES, max_file_bytes
from catalog.models import Job, Track
from catalog.services.audio import disk_room
from catalog.services.errors import UploadRefusedError
from catalog.services.tasks import accepting
from catalog.services.tracks import adding
from webhooks.contract import TASK_ID, TaskName, TaskStatus, accepted_body, unended_body

_REFUSALS = {
    401: OpenApiResponse(ErrorSerializer, description="The key is missing or expired"),
    404: OpenApiResponse(ErrorSerializer, description="The key is unknown or revoked"),
    429: OpenApiResponse(ErrorSerializer, description="Over the key's calls per minute; see Retry-After"),
    503: OpenApiResponse(ErrorSerializer, description="Disk, database or store is not available; see Retry-After"),
}
_INVALID = {422: OpenApiResponse(InvalidSerializer, description="The request is not valid, with the reason")}


def _account(request: Request) -> User:
    """Return the key's account: no view here is reached without one."""
    return cast("User", request.user)


def _too_large() -> serializers.ValidationError:
    megabytes = max_file_bytes() // (1024 * 1024)
    return serializers.ValidationError({"file": [f"The file is larger than the limit of {megabytes} MB."]})


class MusicView(APIView):
    """Takes a recording into the catalog."""

    parser_classes = [UploadParser]

    @extend_schema(
        operation_id="upload_music",
        summary="Upload a recording",
        request={"multipart/form-data": UploadSerializer},
        responses={200: MusicSerializer, **_REFUSALS, **_INVALID},
    )
    def post(self, request: Request) -> Response:
        """Store the file and its tags; the answer's musicId names it from now on."""
        if not disk_room.has_room():
            raise UnavailableError("There is no room for uploads at the moment. Try again later.")
        if int(request.META.get("CONTENT_LENGTH") or 0) > max_file_bytes() + FORM_ROOM_BYTES:
            raise _too_large()
        form = UploadSerializer(data=request.data)
        if call_of(request).upload_too_large:
            raise _too_large()
        form.is_valid(raise_exception=True)
        upload = form.validated_data["file"]
        try:
            track = adding.add_track(
                owner=_account(request), source=Path(upload.temporary_file_path()), file_name=upload.name
            )
        except UploadRefusedError as error:
            raise serializers.ValidationError({"file": [str(error)]}) from error
        return Response(MusicSerializer(track).data)


class _TaskView(APIView):
    """Accepts a task for one of the caller's tracks."""

    parser_classes = [SmallJSONParser]
    task_name: str

    def _accept(self, request: Request) -> Response:
        form = MusicIdSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        music_id = form.validated_data["musicId"]
        track = Track.objects.present().visible_to(_account(request)).filter(music_id=music_id).first()
        if track is None:
            raise serializers.ValidationError({"musicId": ["You have no track with this musicId."]})
        job = accepting.accept_job(track=track, owner=_account(request), task_name=self.task_name)
        return Response(accepted_body(job.task_id))


class AddView(_TaskView):
    """Puts a track in the index."""

    task_name = Job.Name.ADD

    @extend_schema(
        operation_id="add_fingerprint",
        summary="Add a recording to the index",
        request=MusicIdSerializer,
        responses={200: TaskSerializer, **_REFUSALS, **_INVALID},
    )
    def post(self, request: Request) -> Response:
        """Accept the task; its end comes as a callback, or by asking for its result."""
        return self._accept(request)


class CheckView(_TaskView):
    """Compares a track with the whole index."""

    task_name = Job.Name.CHECK

    @extend_schema(
        operation_id="check_fingerprint",
        summary="Check a recording against all that were added",
        request=MusicIdSerializer,
        responses={200: TaskSerializer, **_REFUSALS, **_INVALID},
    )
    def post(self, request: Request) -> Response:
        """Accept the task; its end comes as a callback, or by asking for its result."""
        return self._accept(request)


class TaskResultView(APIView):
    """Tells how a task stands."""

    @extend_schema(
        operation_id="task_result",
        summary="Get the result of a task",
        responses={
            200: OpenApiResponse(
                TaskResultSerializer,
                examples=[
                    OpenApiExample("Waiting", {"task_id": "task_20260402055414_AbCdEfGh", "status": "pending"}),
                    OpenApiExample(
                        "Added",
                        {
                            "task_id": "task_20260402055414_AbCdEfGh",
                            "task_name": TaskName.ADD.value,
                            "status": TaskStatus.SUCCESS.value,
                            "completed_at": "2026-04-02T14:54:14.859289",
                        },
                    ),
                ],
            ),
            401: _REFUSALS[401],
            404: OpenApiResponse(ErrorSerializer, description="The key or the task is unknown to this account"),
            429: _REFUSALS[429],
            503: _REFUSALS[503],
        },
    )
    def get(self, request: Request, task_id: str) -> Response:
        """Answer what the callback says, once the task has ended; its state before."""
        known = TASK_ID.fullmatch(task_id) and Job.objects.visible_to(_account(request)).filter(task_id=task_id).first()
        if not known:
            raise NotFound("You have no task with this id.")
        if known.has_ended:
            return Response(known.callback_body)
        return Response(unended_body(task_id=known.task_id, status=known.status))
