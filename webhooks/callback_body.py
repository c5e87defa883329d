"""The bodies of the contract: read strictly, byte by byte from outside, and told apart."""

import json
import re
from datetime import datetime
from typing import Any
from uuid import UUID

Errors = dict[str, list[str]]

ADD = "add_audio_in_index"
CHECK = "check_is_same"
EVENTS = (ADD, CHECK)
STATUSES = ("success", "failure")
MAX_CHALLENGE_CHARACTERS = 256
_TASK_ID = re.compile(r"task_[0-9]{14}_[A-Za-z0-9]{8}", re.ASCII)
_COMPLETED_AT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}", re.ASCII)
_CHALLENGE = re.compile(rf"[\x20-\x7e]{{1,{MAX_CHALLENGE_CHARACTERS}}}", re.ASCII)


class NotJsonError(Exception):
    """The body is no JSON object; the message says why."""


def parse(raw: bytes) -> tuple[str, dict[str, Any]]:
    """Return the text of `raw` and the JSON object in it.

    Raises NotJsonError for anything else: other encodings, NaN, repeated keys, nesting past the parser's depth.
    """
    try:
        text = raw.decode("utf-8")
        value = json.loads(text, parse_constant=_refuse_constant, object_pairs_hook=_distinct)
    except UnicodeDecodeError as error:
        raise NotJsonError("The body is not UTF-8.") from error
    except RecursionError as error:
        raise NotJsonError("The body is nested too deep.") from error
    except ValueError as error:
        raise NotJsonError(f"The body is not JSON: {error}") from error
    if not isinstance(value, dict):
        raise NotJsonError("The body is not a JSON object.")
    return text, value


def challenge_of(body: dict[str, Any]) -> str | None:
    """Return the challenge where `body` is a URL verification, exactly; None where it is not."""
    if body.keys() != {"challenge", "type"} or body["type"] != "url_verification":
        return None
    challenge = body["challenge"]
    return challenge if isinstance(challenge, str) and _CHALLENGE.fullmatch(challenge) else None


def callback_errors(body: dict[str, Any]) -> Errors:
    """Return what is wrong with `body` as one of the contract's four callbacks, by field; empty where nothing is."""
    errors: Errors = {}
    _expect(errors, "task_id", _matches(_TASK_ID, body.get("task_id")), "Not a task id.")
    _expect(errors, "task_name", body.get("task_name") in EVENTS, f"Not {ADD} or {CHECK}.")
    _expect(errors, "status", body.get("status") in STATUSES, "Not success or failure.")
    _expect(
        errors,
        "completed_at",
        _is_time(body.get("completed_at")),
        "Not an ISO 8601 time with microseconds and without an offset.",
    )
    _check_ending(errors, body)
    return errors


def _check_ending(errors: Errors, body: dict[str, Any]) -> None:
    """Hold `result` and `error` against what this task and status must have, and refuse other fields."""
    failed = body.get("status") == "failure"
    has_result = body.get("task_name") == CHECK and not failed
    expected = {"task_id", "task_name", "status", "completed_at"}
    if failed:
        expected.add("error")
        error = body.get("error")
        _expect(errors, "error", isinstance(error, str) and bool(error), "Not a text.")
    if has_result:
        expected.add("result")
        _check_result(errors, body.get("result"))
    for name in sorted(body.keys() - expected)[:10]:
        errors.setdefault(name[:100], []).append("Not a field of this callback.")


def _check_result(errors: Errors, result: Any) -> None:
    names = {"is_duplicate", "matched_music_id", "matched_musicname"}
    if not isinstance(result, dict) or result.keys() != names:
        errors["result"] = [f"Not an object of exactly {', '.join(sorted(names))}."]
        return
    music_id, title = result["matched_music_id"], result["matched_musicname"]
    if result["is_duplicate"] is True:
        _expect(errors, "result.matched_music_id", _is_uuid(music_id), "Not a UUID.")
        _expect(errors, "result.matched_musicname", isinstance(title, str), "Not a text.")
    elif result["is_duplicate"] is False:
        nothing = music_id is None and title is None
        _expect(errors, "result", nothing, "Names a match without being a duplicate.")
    else:
        errors["result.is_duplicate"] = ["Not true or false."]


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


def _distinct(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    # Two values under one name: what was signed and what is read could be told apart by two parsers.
    names = dict(pairs)
    if len(names) != len(pairs):
        raise ValueError("a name is there twice")
    return names
