"""Bodies about the caller's tasks and what their checks found."""

from typing import Any
from uuid import UUID

from django.conf import settings
from rest_framework import serializers

from catalog.api.base import uuid_of
from catalog.api.bodies.contract import TaskResultSerializer, stamp
from catalog.models import Job
from webhooks.contract import unended_body


class TaskRowSerializer(TaskResultSerializer):
    """A task of a list: what asking for its result answers, its track, and when it was accepted."""

    musicId = serializers.UUIDField(source="track.music_id")  # noqa: N815
    created_at = serializers.DateTimeField(help_text="Accepted, in UTC")

    def to_representation(self, instance: Job) -> dict[str, Any]:
        """Put the contract's body first, member for member."""
        body = instance.callback_body if instance.has_ended else unended_body_of(instance)
        named = {"task_id": body["task_id"], "task_name": instance.task_name} | body
        return named | {"musicId": str(instance.track.music_id), "created_at": stamp(instance.created_at)}


def unended_body_of(job: Job) -> dict[str, Any]:
    """Return what polling answers for a task that waits or runs."""
    return unended_body(task_id=job.task_id, status=job.status)


class SegmentSerializer(serializers.Serializer[None]):
    """A stretch of the checked track and the stretch of the reference that it is a copy of."""

    query_start_s = serializers.FloatField()
    query_end_s = serializers.FloatField()
    reference_start_s = serializers.FloatField()
    reference_end_s = serializers.FloatField()
    similarity = serializers.FloatField(help_text="-1 to 1, mean")


class AlterationSerializer(serializers.Serializer[None]):
    """How the checked track was changed: in words and in numbers."""

    words = serializers.CharField()
    tempo_ratio = serializers.FloatField(help_text="1.06: the checked track is 6 % faster than the reference")
    pitch_semitones = serializers.FloatField(help_text="The checked track's pitch minus the reference's")
    offset_s = serializers.FloatField(help_text="Time of the reference at the start of the checked track")


class MatchSerializer(serializers.Serializer[None]):
    """One recording that a check found in the track."""  # as `services.tasks.announcing` answers it

    musicId = serializers.UUIDField()  # noqa: N815
    title = serializers.CharField()
    relation = serializers.CharField(help_text="identical, same, excerpt, contains, overlap or related")
    is_copy = serializers.BooleanField(help_text="Whether it makes the check say is_duplicate")
    alteration = AlterationSerializer()
    query_share = serializers.FloatField(help_text="Of the checked track, 0 to 1")
    reference_share = serializers.FloatField(help_text="Of the reference, 0 to 1")
    chance = serializers.FloatField(help_text="That chance gives so good a match anywhere in the index")
    segments = SegmentSerializer(many=True)


class MatchesSerializer(serializers.Serializer[None]):
    """Answer of `GET /task/result/{task_id}/matches`."""

    task_id = serializers.CharField()
    status = serializers.CharField()
    matches = MatchSerializer(many=True)


class BatchTaskSerializer(serializers.Serializer[None]):
    """A track of a batch and its task."""

    musicId = serializers.UUIDField()  # noqa: N815
    taskId = serializers.CharField()  # noqa: N815


class BatchTasksSerializer(serializers.Serializer[None]):
    """Answer of a batch."""

    tasks = BatchTaskSerializer(many=True)


class BatchSerializer(serializers.Serializer[None]):
    """Body of `POST /fingerprint/add` and `/check` about many tracks."""

    musicIds = serializers.ListField(  # noqa: N815
        child=serializers.CharField(), allow_empty=False, help_text="At most BATCH_MAX_TRACKS (100), each once"
    )

    def to_internal_value(self, data: Any) -> Any:
        """Take an object of `musicIds` alone: with `musicId` beside it, it is not clear what is meant."""
        if "musicId" in data:
            raise serializers.ValidationError({"musicIds": ["Send musicId or musicIds, not both."]})
        return super().to_internal_value(data)

    def validate_musicIds(self, texts: list[str]) -> list[UUID]:  # noqa: N802  (DRF's way of naming)
        """Return the ids. Raises `ValidationError` for too many, for what is no id, and for one that is there twice."""
        if len(texts) > settings.BATCH_MAX_TRACKS:
            raise serializers.ValidationError(f"Send at most {settings.BATCH_MAX_TRACKS} at once.")
        ids = [uuid_of(text) for text in texts]
        if None in ids:
            raise serializers.ValidationError(f"{texts[ids.index(None)][:100]!r} is not a musicId (a UUID).")
        if len(set(ids)) < len(ids):
            raise serializers.ValidationError("A musicId is given twice.")
        return [one for one in ids if one]


class RemovedSerializer(serializers.Serializer[None]):
    """Answer of `POST /fingerprint/remove`."""

    musicId = serializers.UUIDField()  # noqa: N815
    was_indexed = serializers.BooleanField(help_text="false: there was nothing to take out")


class EventsSerializer(serializers.Serializer[None]):
    """Answer of `GET /events`."""

    results = TaskResultSerializer(many=True, help_text="The callbacks' bodies, in the order in which the tasks ended")
    next_after = serializers.CharField(help_text="`after` of the next call")
