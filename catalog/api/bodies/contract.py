"""The contract's bodies, field for field."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from rest_framework import serializers

from catalog.services.audio import formats
from webhooks.contract import TaskName, TaskStatus

_STAMP = "%Y-%m-%dT%H:%M:%SZ"


def stamp(moment: datetime | None) -> str | None:
    """Return a moment as the API writes it, in UTC."""
    return moment.astimezone(UTC).strftime(_STAMP) if moment else None


class UploadSerializer(serializers.Serializer[None]):
    """Body of `POST /music`."""

    file = serializers.FileField(
        help_text=formats.listed("or"),
        error_messages={
            "required": "Send the audio as the multipart field `file`.",
            "invalid": "Send the audio as a file, not as text.",
            "empty": "The file is empty.",
        },
        max_length=None,
    )


class MusicSerializer(serializers.Serializer[Any]):
    """Answer of `POST /music`."""

    musicId = serializers.UUIDField(source="music_id")  # noqa: N815  (the contract's name)
    title = serializers.CharField()
    created_at = serializers.DateTimeField(format=_STAMP, default_timezone=UTC)


class TaskIdsSerializer(serializers.Serializer[None]):
    """The tasks that an upload began."""

    add = serializers.CharField(required=False)
    check = serializers.CharField(required=False)


class UploadedSerializer(MusicSerializer):
    """Answer of `POST /music`; `taskIds` only with `then`."""

    taskIds = TaskIdsSerializer(required=False)  # noqa: N815


class MusicIdSerializer(serializers.Serializer[None]):
    """Body of `POST /fingerprint/add` and `/check`."""

    musicId = serializers.UUIDField(  # noqa: N815
        error_messages={"required": "Send the musicId of the track.", "invalid": "This is not a musicId (a UUID)."}
    )

    def to_internal_value(self, data: Any) -> Any:
        """Take a JSON object whose `musicId` is text; DRF alone would take a number as a UUID as well."""
        if isinstance(data, Mapping) and "musicId" in data and not isinstance(data["musicId"], str):
            raise serializers.ValidationError({"musicId": ["This is not a musicId (a UUID)."]})
        return super().to_internal_value(data)


class TaskSerializer(serializers.Serializer[None]):
    """Answer of `POST /fingerprint/add` and `/check`."""

    taskId = serializers.CharField(help_text="task_20260402055414_AbCdEfGh")  # noqa: N815


class CheckResultSerializer(serializers.Serializer[None]):
    """What a check found."""

    is_duplicate = serializers.BooleanField()
    matched_music_id = serializers.UUIDField(allow_null=True)
    matched_musicname = serializers.CharField(allow_null=True)


class TaskResultSerializer(serializers.Serializer[Any]):
    """Answer of `GET /task/result/{task_id}`: three fields are there only when the task has ended."""

    task_id = serializers.CharField()
    task_name = serializers.ChoiceField(choices=TaskName.values, required=False)
    status = serializers.ChoiceField(choices=TaskStatus.values)
    result = CheckResultSerializer(required=False, help_text="Only after a successful check")
    completed_at = serializers.CharField(required=False, help_text="2026-04-02T14:54:14.859289")
    error = serializers.CharField(required=False, help_text="Only after a failure")


class ErrorSerializer(serializers.Serializer[None]):
    """Every error."""

    detail = serializers.CharField()


class InvalidSerializer(ErrorSerializer):
    """Errors of a request that cannot be taken."""

    # DRF has an attribute of the same name for its own use; the contract's name wins.
    errors = serializers.DictField(child=serializers.ListField(child=serializers.CharField()))  # type: ignore[assignment]
