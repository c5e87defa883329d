"""Tasks about the caller's tracks: add to the index, check against it; and taking out of it."""

from typing import Any

from drf_spectacular.utils import PolymorphicProxySerializer, extend_schema
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from catalog.api import examples
from catalog.api.base import account_of, tracks_of
from catalog.api.bodies.contract import MusicIdSerializer, TaskSerializer
from catalog.api.bodies.tasks import BatchSerializer, BatchTasksSerializer, RemovedSerializer
from catalog.api.idempotency import repeatable
from catalog.api.json_view import JsonView
from catalog.api.openapi import CONFLICT, NO_TRACK, REFUSALS, invalid
from catalog.models import Job, Track
from catalog.services.tasks import accepting
from catalog.services.tracks import removal
from webhooks.contract import accepted_body

_REQUEST = PolymorphicProxySerializer("MusicIdOrIds", [MusicIdSerializer, BatchSerializer], None)
_ANSWER = PolymorphicProxySerializer("TaskOrTasks", [TaskSerializer, BatchTasksSerializer], None)
_RESPONSES = {200: _ANSWER, **REFUSALS, **CONFLICT, 422: invalid("musicId", NO_TRACK)}


class _TrackView(JsonView):
    """A call about a track that the body names."""

    def track(self, request: Request) -> Track:
        """Return the caller's track that the body names. Raises `ValidationError` (422) where there is none."""
        form = MusicIdSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        track = tracks_of(request).with_source().filter(music_id=form.validated_data["musicId"]).first()
        if track is None:
            raise ValidationError({"musicId": [NO_TRACK]})
        return track


class _TaskView(_TrackView):
    """Accepts a task for one of the caller's tracks, or for each of many: for all of them or for none."""

    task_name: str

    def _accept(self, request: Request) -> Response:
        if isinstance(request.data, dict) and "musicIds" in request.data:
            return Response(self._accept_all(request))
        return Response(accepted_body(self._jobs(request, [self.track(request)])[0].task_id))

    def _accept_all(self, request: Request) -> dict[str, Any]:
        form = BatchSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        music_ids = form.validated_data["musicIds"]
        found = {track.music_id: track for track in tracks_of(request).with_source().filter(music_id__in=music_ids)}
        missing = [str(music_id) for music_id in music_ids if music_id not in found]
        if missing:
            raise ValidationError({"musicIds": [f"You have no track with the musicId {one}." for one in missing]})
        jobs = self._jobs(request, [found[music_id] for music_id in music_ids])
        return {"tasks": [{"musicId": str(job.track.music_id), "taskId": job.task_id} for job in jobs]}

    def _jobs(self, request: Request, tracks: list[Track]) -> list[Job]:
        return accepting.accept_jobs(tracks=tracks, owner=account_of(request), task_name=self.task_name)


class AddView(_TaskView):
    """Puts tracks in the index."""

    task_name = Job.Name.ADD

    @extend_schema(
        operation_id="add_fingerprint",
        summary="Add a recording to the index, or many",
        request=_REQUEST,
        responses=_RESPONSES,
        examples=examples.TASKS,
        callbacks=[examples.CALLBACK],
    )
    @repeatable()
    def post(self, request: Request) -> Response:
        """Accept the task; its end comes as a callback, or by asking for its result."""
        return self._accept(request)


class CheckView(_TaskView):
    """Compares tracks with the whole index."""

    task_name = Job.Name.CHECK

    @extend_schema(
        operation_id="check_fingerprint",
        summary="Check a recording against all that were added, or many",
        request=_REQUEST,
        responses=_RESPONSES,
        examples=examples.TASKS,
        callbacks=[examples.CALLBACK],
    )
    @repeatable()
    def post(self, request: Request) -> Response:
        """Accept the task; its end comes as a callback, or by asking for its result."""
        return self._accept(request)


class RemoveView(_TrackView):
    """Takes a track out of the index."""

    @extend_schema(
        operation_id="remove_fingerprint",
        summary="Take a recording out of the index",
        request=MusicIdSerializer,
        responses={200: RemovedSerializer, **REFUSALS, **CONFLICT, 422: invalid("musicId", NO_TRACK)},
        examples=[examples.MUSIC_ID, examples.REMOVED],
    )
    @repeatable()
    def post(self, request: Request) -> Response:
        """Let no check find the track from now on; it stays in the catalog and can be added again."""
        track = self.track(request)
        was_indexed = removal.take_out_of_index(track=track)
        return Response({"musicId": str(track.music_id), "was_indexed": was_indexed})
