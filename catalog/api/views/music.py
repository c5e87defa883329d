"""The caller's tracks: upload, list, look, tag, remove."""

from pathlib import Path
from typing import Any

from django.db.models import QuerySet
from django_filters.rest_framework import DjangoFilterBackend
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.generics import GenericAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from catalog.api import examples
from catalog.api.base import account_of, track_in, track_of, tracks_of, uuid_of
from catalog.api.bodies.contract import MusicSerializer, UploadedSerializer, UploadSerializer
from catalog.api.bodies.tracks import ChangeSerializer, TrackSerializer
from catalog.api.call import call_of
from catalog.api.filters import TrackFilters
from catalog.api.idempotency import form_digest, keep_answer, repeatable
from catalog.api.openapi import CONFLICT, NOT_YOURS, REFUSALS, invalid
from catalog.api.pages import CursorPages
from catalog.api.parsers import SmallJSONParser, UploadParser
from catalog.api.uploads import max_file_bytes, refuse_unread
from catalog.models import Job, Track
from catalog.selectors.tracks import with_standing
from catalog.services.errors import TrackGoneError, UploadRefusedError
from catalog.services.tasks import accepting
from catalog.services.tracks import adding, removal, tagging

THEN = {"add": Job.Name.ADD, "check": Job.Name.CHECK}


def too_large() -> serializers.ValidationError:
    """Return the refusal of a file over the limit."""
    megabytes = max_file_bytes() // (1024 * 1024)
    return serializers.ValidationError({"file": [f"The file is larger than the limit of {megabytes} MB."]})


class MusicView(GenericAPIView):
    """Takes a recording into the catalog, and lists those of the caller."""

    parser_classes = [UploadParser]
    serializer_class = TrackSerializer
    pagination_class = CursorPages
    filter_backends = [DjangoFilterBackend]
    filterset_class = TrackFilters
    cursor_field = "music_id"
    queryset = Track.objects.none()  # for the schema

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Refuse what need not be read to be refused."""
        super().initial(request, *args, **kwargs)
        if request.method == "POST":
            _then_of(request)
            refuse_unread(request, most_bytes=max_file_bytes(), too_large=too_large())

    def cursor_rows(self, request: Request, cursor: str) -> QuerySet[Track]:
        """Return the caller's track of this id, also a removed one."""
        tracks, music_id = Track.objects.visible_to(account_of(request)), uuid_of(cursor)
        return tracks.filter(music_id=music_id) if music_id else tracks.none()

    @extend_schema(
        operation_id="list_music",
        summary="List your tracks, newest first",
        filters=True,
        responses={200: TrackSerializer(many=True), **REFUSALS, 422: invalid("indexed", "Select a valid choice.")},
        examples=[examples.TRACK],
    )
    def get(self, request: Request) -> Response:
        """Answer a page of the caller's tracks. Removed tracks are not listed."""
        tracks = with_standing(tracks_of(request).with_source())
        page = self.paginate_queryset(self.filter_queryset(tracks))
        return self.get_paginated_response(TrackSerializer(page, many=True).data)

    def body_digest(self, request: Request) -> str:
        """Return what two uploads of the same file under the same name have in common."""
        digest = form_digest(request)
        if call_of(request).upload_too_large:
            raise too_large()
        return digest

    @extend_schema(
        operation_id="upload_music",
        summary="Upload a recording",
        parameters=[
            OpenApiParameter(
                "then",
                {"type": "array", "items": {"type": "string", "enum": [*THEN]}},
                style="form",
                explode=False,
                description="Tasks to start for it; the answer then has `taskIds` too",
            )
        ],
        request={"multipart/form-data": UploadSerializer},
        responses={200: UploadedSerializer, **REFUSALS, **CONFLICT, 422: invalid("file", "The file is empty.")},
        examples=[examples.UPLOADED, examples.UPLOADED_THEN],
        callbacks=[examples.CALLBACK],
    )
    @repeatable(in_one_transaction=False)
    def post(self, request: Request) -> Response:
        """Store the file and its tags; the answer's musicId names it from now on."""
        form = UploadSerializer(data=request.data)
        if call_of(request).upload_too_large:
            raise too_large()
        form.is_valid(raise_exception=True)
        upload = form.validated_data["file"]
        answer: dict[str, Any] = {}

        def also(track: Track) -> None:
            answer.update(MusicSerializer(track).data)
            if names := _then_of(request):
                answer["taskIds"] = {name: _task_id(track, THEN[name]) for name in names}
            keep_answer(request, answer)

        try:
            source = Path(upload.temporary_file_path())
            adding.add_track(owner=account_of(request), source=source, file_name=upload.name, also=also)
        except UploadRefusedError as error:
            raise serializers.ValidationError({"file": [str(error)]}) from error
        return Response(answer)


def _task_id(track: Track, task_name: str) -> str:
    return accepting.accept_job(track=track, owner=track.owner, task_name=task_name).task_id


def _then_of(request: Request) -> list[str]:
    """Return which tasks an upload asks for, each once."""
    sent = ",".join(request.query_params.getlist("then"))  # some clients repeat the name instead of the comma
    names = list(dict.fromkeys(name for name in sent.split(",") if name))
    if set(names) - set(THEN):
        raise serializers.ValidationError({"then": [f"Name one or more of {', '.join(THEN)}, separated by commas."]})
    return names


class TrackView(APIView):
    """One of the caller's tracks."""

    parser_classes = [SmallJSONParser]

    @extend_schema(
        operation_id="get_music",
        summary="Get one of your tracks",
        responses={200: TrackSerializer, **REFUSALS, **NOT_YOURS},
        examples=[examples.TRACK],
    )
    def get(self, request: Request, music_id: str) -> Response:
        """Answer what is known of the track."""
        return Response(_told(request, music_id))

    @extend_schema(
        operation_id="change_music",
        summary="Set the tags of a track",
        request=ChangeSerializer,
        responses={
            200: TrackSerializer,
            **REFUSALS,
            **NOT_YOURS,
            422: invalid("title", "This must be text."),
        },
        examples=[examples.CHANGE, examples.TRACK],
    )
    def patch(self, request: Request, music_id: str) -> Response:
        """Set what is sent; what is left out stays. The audio and the fingerprint are what they were."""
        track = track_of(request, music_id)
        form = ChangeSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        texts = dict(form.validated_data)
        tags = texts.pop("tags", {})
        try:
            tagging.set_tags(track_id=track.pk, texts=texts, tags=tags)
        except tagging.TooManyTagsError as error:
            raise serializers.ValidationError({"tags": [str(error)]}) from error
        except TrackGoneError:
            pass  # as if it had been gone before
        return Response(_told(request, music_id))

    @extend_schema(
        operation_id="delete_music",
        summary="Remove a track",
        responses={204: None, **REFUSALS, **NOT_YOURS},
    )
    def delete(self, request: Request, music_id: str) -> Response:
        """Take the track out of the catalog and the index. Its tasks stay, and staff can restore it for a time."""
        removal.remove_track(track=track_of(request, music_id))
        return Response(status=204)


def _told(request: Request, music_id: str) -> Any:
    """Return what is known of one of the caller's tracks, read at once: it may be removed at any moment."""
    return TrackSerializer(track_in(with_standing(tracks_of(request).with_source()), music_id)).data
