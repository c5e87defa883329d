"""The contract with clients and receivers: its names, and the builders and checks of every body sent or read.

A new event is a new name here, and what a worker does for it (`catalog.services.tasks.work`).
"""

import json
import re
import secrets
import string
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import TextChoices
from django.utils import timezone

Body = dict[str, Any]
Errors = dict[str, list[str]]


class TaskName(TextChoices):
    """The kinds of task that a client may ask for; the labels are those of staff pages."""

    ADD = "add_audio_in_index", "add"
    CHECK = "check_is_same", "check"


class TaskStatus(TextChoices):
    """The states of a task."""

    PENDING = "pending", "pending"
    PROCESSING = "processing", "processing"
    SUCCESS = "success", "success"
    FAILURE = "failure", "failure"


class Event(TextChoices):
    """The events that a callback URL can ask for. The contract has the first two, which are the default."""

    ADD = TaskName.ADD.value, "an add ended"
    CHECK = TaskName.CHECK.value, "a check ended"
    MATCH_FOUND = "match.found", "a check found a match"
    URL_DISABLED = "callback_url.disabled", "another URL was disabled"


ENDED = (TaskStatus.SUCCESS, TaskStatus.FAILURE)
MAX_CHALLENGE_CHARACTERS = 256
TASK_ID = re.compile(r"task_[0-9]{14}_[A-Za-z0-9]{8}", re.ASCII)
_URL_VERIFICATION = "url_verification"
_LETTERS = string.ascii_letters + string.digits
_COMPLETED_AT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}", re.ASCII)
_CHALLENGE = re.compile(rf"[\x20-\x7e]{{1,{MAX_CHALLENGE_CHARACTERS}}}", re.ASCII)


def new_task_id(now: datetime, *, mark: str = "") -> str:
    """Return a task id: `task_`, UTC time, `_`, 8 letters or digits: `mark`, the rest random."""
    rest = "".join(secrets.choice(_LETTERS) for _ in range(8 - len(mark)))
    return f"task_{now:%Y%m%d%H%M%S}_{mark}{rest}"


def accepted_body(task_id: str) -> Body:
    """Return the answer to a client that asked for a task."""
    return {"taskId": task_id}


def unended_body(*, task_id: str, status: str) -> Body:
    """Return what polling answers while a task waits or runs."""
    return {"task_id": task_id, "status": status}


def callback_body(
    *, task_id: str, task_name: str, status: str, completed_at: datetime, result: Body | None = None, error: str = ""
) -> Body:
    """Return the body for an ended task: the callback sends it, and polling answers it.

    `result` is a check's, made by `result_body`. It is used only with success, `error` only with failure.
    """
    body: Body = {"task_id": task_id, "task_name": task_name, "status": status}
    if status == TaskStatus.SUCCESS and task_name == TaskName.CHECK:
        body["result"] = result
    body["completed_at"] = timezone.make_naive(completed_at).isoformat(timespec="microseconds")
    if status == TaskStatus.FAILURE:
        body["error"] = error
    return body


def result_body(*, music_id: UUID | None = None, title: str | None = None) -> Body:
    """Return a check's `result`: the recording that was found, or that none was."""
    return {
        "is_duplicate": music_id is not None,
        "matched_music_id": str(music_id) if music_id else None,
        "matched_musicname": title,
    }


def url_disabled_body(*, public_id: str, name: str, url: str, reason: str, disabled_at: datetime) -> Body:
    """Return the body of `callback_url.disabled`. It has no task id, so only `webhook-signature` covers it."""
    return {
        "type": Event.URL_DISABLED.value,
        "callback_url": {"id": public_id, "name": name, "url": url},
        "reason": reason,
        "disabled_at": disabled_at.isoformat(),
    }


def verification_body(challenge: str) -> Body:
    """Return the challenge that is sent to a URL before callbacks go there."""
    return {"challenge": challenge, "type": _URL_VERIFICATION}


def challenge_body(challenge: str) -> Body:
    """Return the answer to a challenge."""
    return {"challenge": challenge}


class NotJsonError(Exception):
    """The body is not a JSON object; the message says why."""


def parse(raw: bytes) -> tuple[str, Body]:
    """Return the text of `raw` and the JSON object in it.

    Raises NotJsonError for anything else: other encodings, NaN, repeated keys, nesting past the parser's depth.
    """
    try:
        text = raw.decode("utf-8")
        value = json.loads(text, parse_constant=_refuse_constant, object_pairs_hook=_distinct)
    except UnicodeDecodeError as error:
        raise NotJsonError("The body is not UTF-8.") from error
    except RecursionError as error:
        raise NotJsonError("The body is nested too deeply.") from error
    except ValueError as error:
        raise NotJsonError(f"The body is not JSON: {error}") from error
    if not isinstance(value, dict):
        raise NotJsonError("The body is not a JSON object.")
    return text, value


def challenge_of(body: Body) -> str | None:
    """Return the challenge if `body` is exactly a URL verification; else None."""
    if body.keys() != {"challenge", "type"} or body["type"] != _URL_VERIFICATION:
        return None
    challenge = body["challenge"]
    return challenge if isinstance(challenge, str) and _CHALLENGE.fullmatch(challenge) else None


def callback_errors(body: Body) -> Errors:
    """Return what is wrong with `body` as one of the contract's four callbacks, by field; empty if nothing is."""
    errors: Errors = {}
    _expect(errors, "task_id", _matches(TASK_ID, body.get("task_id")), "This is not a task id.")
    _expect(
        errors, "task_name", body.get("task_name") in TaskName.values, f"This is not {' or '.join(TaskName.values)}."
    )
    _expect(errors, "status", body.get("status") in ENDED, f"This is not {' or '.join(ENDED)}.")
    _expect(
        errors,
        "completed_at",
        _is_time(body.get("completed_at")),
        "This must be an ISO 8601 time with microseconds and without an offset.",
    )
    _check_ending(errors, body)
    return errors


def _check_ending(errors: Errors, body: Body) -> None:
    """Hold `result` and `error` against what this task and status must have, and refuse other fields."""
    failed = body.get("status") == TaskStatus.FAILURE
    has_result = body.get("task_name") == TaskName.CHECK and not failed
    expected = {"task_id", "task_name", "status", "completed_at"}
    if failed:
        expected.add("error")
        error = body.get("error")
        _expect(errors, "error", isinstance(error, str) and bool(error), "This must be text.")
    if has_result:
        expected.add("result")
        _check_result(errors, body.get("result"))
    for name in sorted(body.keys() - expected)[:10]:
        errors.setdefault(name[:100], []).append("This field does not belong to this callback.")


def _check_result(errors: Errors, result: Any) -> None:
    names = {"is_duplicate", "matched_music_id", "matched_musicname"}
    if not isinstance(result, dict) or result.keys() != names:
        errors["result"] = [f"This must be an object of exactly {', '.join(sorted(names))}."]
        return
    music_id, title = result["matched_music_id"], result["matched_musicname"]
    if result["is_duplicate"] is True:
        _expect(errors, "result.matched_music_id", _is_uuid(music_id), "This must be a UUID.")
        _expect(errors, "result.matched_musicname", isinstance(title, str), "This must be text.")
    elif result["is_duplicate"] is False:
        nothing = music_id is None and title is None
        _expect(errors, "result", nothing, "There is a match, but is_duplicate is false.")
    else:
        errors["result.is_duplicate"] = ["This must be true or false."]


def _expect(errors: Errors, name: str, held: bool, message: str) -> None:  # noqa: FBT001 - the assertion itself
    if not held:
        errors.setdefault(name, []).append(message)


def _matches(pattern: re.Pattern[str], value: Any) -> bool:
    return isinstance(value, str) and pattern.fullmatch(value) is not None


def _is_time(value: Any) -> bool:
    if not _matches(_COMPLETED_AT, value):
        return False
    try:
        datetime.fromisoformat(value)
    except ValueError:
        return False
    return True


def _is_uuid(value: Any) -> bool:
    try:
        return isinstance(value, str) and str(UUID(value)) == value.lower()
    except ValueError:
        return False


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def _distinct(pairs: list[tuple[str, Any]]) -> Body:
    # Two values under one name: what was signed and what is read could be told apart by two parsers.
    names = dict(pairs)
    if len(names) != len(pairs):
        raise ValueError("a name occurs twice")
    return names
