"""Examples of what is sent and answered, for the schema; tests hold them against real answers."""

from typing import Any

from drf_spectacular.utils import OpenApiCallback, OpenApiExample, OpenApiResponse, extend_schema

from catalog.api.bodies.contract import TaskResultSerializer
from webhooks.contract import TaskName, TaskStatus, accepted_body, result_body, unended_body

MUSIC = "cd75b87f-cad9-4dfd-a49f-8a2d34408a0e"
REFERENCE = "6d516670-e81b-49b5-a1f6-465407f84830"
UPLOAD = "0f8a4c1e-2b7d-4e59-9c3a-6d1f0b8e7a25"
ADD_TASK = "task_20260402055414_AbCdEfGh"
CHECK_TASK = "task_20260402055414_LmxwriSZ"
ENDED_AT = "2026-04-02T14:54:14.859289"
CREATED_AT = "2026-04-02T05:54:14Z"


def _sent(name: str, value: Any) -> OpenApiExample:
    return OpenApiExample(name, value, request_only=True)


def _answered(name: str, value: Any, code: str = "200") -> OpenApiExample:
    return OpenApiExample(name, value, response_only=True, status_codes=[code])


def _ended(task_id: str, name: TaskName, status: TaskStatus, **more: Any) -> dict[str, Any]:
    body = {"task_id": task_id, "task_name": name.value, "status": status.value, "completed_at": ENDED_AT}
    return body | more


_UPLOADED = {"musicId": MUSIC, "title": "track", "created_at": CREATED_AT}
_FOUND = {"is_duplicate": True, "matched_music_id": REFERENCE, "matched_musicname": "Summer Breeze"}
ADDED_BODY = _ended(ADD_TASK, TaskName.ADD, TaskStatus.SUCCESS)
CHECKED_BODY = _ended(CHECK_TASK, TaskName.CHECK, TaskStatus.SUCCESS, result=_FOUND)
_NOTHING_BODY = _ended(CHECK_TASK, TaskName.CHECK, TaskStatus.SUCCESS, result=result_body())
_FAILED_BODY = _ended(CHECK_TASK, TaskName.CHECK, TaskStatus.FAILURE, error="The track was removed from the catalog.")
_BATCH = {"musicIds": [MUSIC, REFERENCE]}
_BATCH_TASKS = {"tasks": [{"musicId": MUSIC, "taskId": CHECK_TASK}, {"musicId": REFERENCE, "taskId": ADD_TASK}]}
_TRACK = _UPLOADED | {
    "artist": "Somebody",
    "album": "",
    "isrc": "DEA123400001",
    "tags": {"genre": "Pop"},
    "file_name": "track.mp3",
    "duration_s": 181.2,
    "size_bytes": 4349100,
    "codec": "mp3",
    "has_audio": True,
    "confirmed": None,
    "indexed": True,
    "is_duplicate": False,
}
_SEGMENT = {"query_start_s": 0.0, "query_end_s": 20.0, "reference_start_s": 4.0, "reference_end_s": 25.2}
_MATCH = {
    "musicId": REFERENCE,
    "title": "Summer Breeze",
    "relation": "excerpt",
    "is_copy": True,
    "alteration": {
        "words": "An excerpt, 0:04 to 0:25, sped up 6 %",
        "tempo_ratio": 1.06,
        "pitch_semitones": 1.0,
        "offset_s": 4.0,
    },
    "query_share": 0.92,
    "reference_share": 0.31,
    "chance": 2.5e-8,
    "segments": [_SEGMENT | {"similarity": 0.7}],
}
_KEY = {
    "prefix": "0123abcd",
    "label": "uploader",
    "account": "label",
    "tier": "paid",
    "created_at": CREATED_AT,
    "expires_at": None,
    "limits": {
        "calls_per_minute": 100,
        "file_mb": 50,
        "audio_seconds": 3600,
        "tracks": None,
        "tracks_mb": None,
        "batch_tracks": 100,
        "resumable_mb": 500,
        "fingerprint_kb": 2500,
        "formats": ["mp3", "wav", "flac", "m4a", "aac", "ogg"],
    },
    "tracks": 1042,
    "use": [{"day": "2026-04-01", "calls": 311}, {"day": "2026-04-02", "calls": 87}],
}

_UPLOAD = {
    "id": UPLOAD,
    "url": f"/api/v1/uploads/{UPLOAD}",
    "state": "open",
    "file_name": "track.wav",
    "size_bytes": 91234567,
    "received_bytes": 0,
    "expires_at": "2026-04-03T05:54:14Z",
    "error": "",
    "track": None,
}
_UPLOAD_DONE = _UPLOAD | {"state": "done", "received_bytes": 91234567, "track": _UPLOADED}
_SIGNED = {"url": "https://s3.example.org/music", "fields": {"key": f"originals/incoming/{UPLOAD}", "policy": "eyJ…"}}

UPLOAD_BEGUN = _answered("Begun", _UPLOAD, "201")
UPLOAD_DONE = _answered("With its track", _UPLOAD_DONE)
PRESIGN = _sent("A large file", {"file_name": "track.wav", "size_bytes": 91234567})
PRESIGNED = _answered("Begun", _UPLOAD | {"post": _SIGNED}, "201")
UPLOADED = _answered("Uploaded", _UPLOADED)
UPLOADED_THEN = _answered("With then=add,check", _UPLOADED | {"taskIds": {"add": ADD_TASK, "check": CHECK_TASK}})
TRACK = _answered("A track", _TRACK)
CHANGE = _sent("Set an ISRC, remove a tag", {"isrc": "DEA123400001", "tags": {"genre": "Pop", "mood": None}})
MUSIC_ID = _sent("One track", {"musicId": MUSIC})
TASKS = [
    MUSIC_ID,
    _sent("Many tracks", _BATCH),
    _answered("One track", accepted_body(CHECK_TASK)),
    _answered("Many tracks", _BATCH_TASKS),
]
REMOVED = _answered("Taken out", {"musicId": MUSIC, "was_indexed": True})
PENDING = _answered("Waiting", unended_body(task_id=ADD_TASK, status=TaskStatus.PENDING.value))
ENDED = [
    _answered("Added", ADDED_BODY),
    _answered("Checked, a duplicate", CHECKED_BODY),
    _answered("Checked, no duplicate", _NOTHING_BODY),
    _answered("Failed", _FAILED_BODY),
]
MATCHES = _answered("A match", {"task_id": CHECK_TASK, "status": "success", "matches": [_MATCH]})
TASK_ROW = _answered("A task", CHECKED_BODY | {"musicId": MUSIC, "created_at": CREATED_AT})
EVENTS = _answered("Two tasks that ended", {"results": [ADDED_BODY, CHECKED_BODY], "next_after": "1042"})
KEY = _answered("A key", _KEY)
CALLBACK = OpenApiCallback(
    "taskEnded",
    "{$callbackUrl}",  # registered for the account, and not sent with the call
    extend_schema(
        description="Sent to the account's callback URL when the task ends, with the headers of both signatures.",
        request=TaskResultSerializer,
        responses={"2XX": OpenApiResponse(description="Anything else is tried again")},
        examples=[OpenApiExample("Checked", CHECKED_BODY)],
    ),
)
