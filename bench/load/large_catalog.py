"""A large deployment's rows, written by the database itself: tracks, tasks, callbacks and their attempts."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db import connection, models

from bench.pages.filling import count_on
from catalog.models import AudioFile, EventClock, IndexClock, IndexOperation, Job, Match, Track
from webhooks.models import Attempt, Message

YEAR_S = 365 * 24 * 3600
# Both databases count rows in this way, whose number is `n`, and have `lpad`: SQLite by Django.
_NUMBERS = "WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < {count})"
_AGO = {
    "postgresql": "now() - ({seconds}) * interval '1 second'",
    "sqlite": "strftime('%%Y-%%m-%%d %%H:%%M:%%f', 'now', printf('%%.3f seconds', -({seconds})))",
}
_UUID = {"postgresql": "gen_random_uuid()", "sqlite": "lower(hex(randomblob(16)))"}
_JSON = {"postgresql": "CAST({text} AS jsonb)", "sqlite": "{text}"}
_TASK_ID = "'task_20260101000000_' || lpad(CAST({n} AS text), 8, '0')"
_CHECKED = """CASE WHEN n %% 10 = 1 THEN '{"is_duplicate": true}' ELSE '{"is_duplicate": false}' END"""
_SENT = """'{"Content-Type": "application/json", "webhook-id": "msg_0", "webhook-signature": "v1,0000000000000000="}'"""


@dataclass(frozen=True)
class Sizes:
    """How many rows of each kind."""

    tracks: int = 100_000
    jobs: int = 1_000_000
    attempts: int = 3_000_000

    @property
    def messages(self) -> int:
        """One callback a task."""
        return self.jobs


def fill(sizes: Sizes, *, owner_id: int, endpoint_id: int) -> None:
    """Write the rows: uploads over two years, tasks over one, 5 % of the tasks failed, 10 % of the tasks matched."""
    owner = str(owner_id)
    _insert(AudioFile, sizes.tracks, _files(sizes))
    _insert(Track, sizes.tracks, _tracks(sizes) | {"owner_id": owner})
    IndexClock.objects.update_or_create(pk=1, defaults={"last_sequence": sizes.tracks})
    _insert(IndexOperation, sizes.tracks, _operations())
    EventClock.objects.update_or_create(owner_id=owner_id, defaults={"last_number": sizes.jobs})
    _insert(Job, sizes.jobs, _jobs(sizes) | {"owner_id": owner})
    _insert(Match, sizes.jobs // 10, _matches(sizes))
    _insert(Message, sizes.messages, _messages(sizes) | {"endpoint_id": str(endpoint_id)})
    _insert(Attempt, sizes.attempts, _attempts(sizes))
    count_on()


def _insert(model: type[models.Model], count: int, columns: Mapping[str, str]) -> None:
    """Write `count` rows, each column by its expression; what is not named has the model's own default."""
    others = [field for field in _needed(model) if field.column not in columns]
    names = ", ".join(f'"{name}"' for name in [*columns, *(field.column for field in others)])
    values = ", ".join([*columns.values(), *("%s" for _ in others)])
    statement = f"INSERT INTO {model._meta.db_table} ({names}) {_NUMBERS.format(count=count)}"  # noqa: SLF001
    with connection.cursor() as cursor:
        cursor.execute(
            f"{statement} SELECT {values} FROM numbers",  # noqa: S608  (our own names)
            [field.get_db_prep_save(field.get_default(), connection) for field in others],
        )


def _needed(model: type[models.Model]) -> list[Any]:
    made = (models.AutoField, models.GeneratedField)
    return [field for field in model._meta.concrete_fields if not field.null and not isinstance(field, made)]  # noqa: SLF001


def _ago(seconds: str) -> str:
    return _AGO[connection.vendor].format(seconds=seconds)


def _json(text: str) -> str:
    return _JSON[connection.vendor].format(text=text)


def _files(sizes: Sizes) -> dict[str, str]:
    return {
        "id": "n", "sha256": "lpad(CAST(n AS text), 64, '0')", "stored_name": "'aa/' || n", "size_bytes": "5000000",
        "container": "'mp3'", "codec": "'mp3'", "duration_s": "240", "sample_rate_hz": "44100", "channels": "2",
        "bit_rate": "192000", "created_at": _ago(f"n * {2 * YEAR_S}.0 / {sizes.tracks}"),
    }  # fmt: skip


def _tracks(sizes: Sizes) -> dict[str, str]:
    return {
        "id": "n", "music_id": _UUID[connection.vendor], "audio_file_id": "n", "title": "'Song ' || n",
        "artist": "'Artist ' || (n %% 5000)", "album": "'Album ' || (n %% 9000)", "file_name": "'song ' || n || '.mp3'",
        "words": "'song ' || n || ' artist ' || (n %% 5000) || ' album ' || (n %% 9000)",
        "created_at": _ago(f"n * {2 * YEAR_S}.0 / {sizes.tracks}"),
    }  # fmt: skip


def _operations() -> dict[str, str]:
    return {"sequence": "n", "kind": "'add'", "track_key": "n", "version": "'0'", "created_at": _ago("0")}


def _jobs(sizes: Sizes) -> dict[str, str]:
    age_s = f"({sizes.jobs} - n) * {YEAR_S}.0 / {sizes.jobs}"
    return {
        "id": "n", "task_id": _TASK_ID.format(n="n"), "attempts": "1", "track_id": f"1 + n %% {sizes.tracks}",
        "task_name": "CASE WHEN n %% 2 = 0 THEN 'add_audio_in_index' ELSE 'check_is_same' END",
        "status": "CASE WHEN n %% 20 = 0 THEN 'failure' ELSE 'success' END", "end_number": "n",
        "queued_at": _ago(f"{age_s} + 3"), "created_at": _ago(f"{age_s} + 3"), "started_at": _ago(f"{age_s} + 2"),
        "completed_at": _ago(age_s), "result": f"CASE WHEN n %% 2 = 1 THEN {_json(_CHECKED)} END",
        "error": "CASE WHEN n %% 20 = 0 THEN 'The file cannot be read as audio.' ELSE '' END",
        "detail": _json("""'{"fingerprint_s": 0.5}'"""),
    }  # fmt: skip


def _matches(sizes: Sizes) -> dict[str, str]:
    """The matches of every tenth task."""
    job = "(10 * n - 9)"
    same = dict.fromkeys(("query_end_s", "reference_end_s"), "240")
    same |= dict.fromkeys(("offset_s", "query_start_s", "reference_start_s", "pitch_semitones"), "0")
    return same | {
        "job_id": job, "query_track_id": f"1 + {job} %% {sizes.tracks}",
        "reference_track_id": f"1 + ({job} + 18) %% {sizes.tracks}", "verdict": "'duplicate'", "relation": "'same'",
        "score": "0.6", "false_accept_probability": "1e-9", "tempo_ratio": "1", "query_coverage": "0.9",
        "reference_coverage": "0.9", "similarity_step_s": "5", "engine_version": "'1'",
        "created_at": _ago(f"({sizes.jobs} - {job}) * {YEAR_S}.0 / {sizes.jobs}"),
    }  # fmt: skip


def _messages(sizes: Sizes) -> dict[str, str]:
    each, sent = max(sizes.attempts // sizes.messages, 1), _ago(f"({sizes.jobs} - n) * {YEAR_S}.0 / {sizes.jobs}")
    task_id = _TASK_ID.format(n="n")
    return {
        "id": "n", "message_id": "'msg_' || n", "event_key": task_id, "subject": task_id,
        "event": "CASE WHEN n %% 2 = 0 THEN 'add_audio_in_index' ELSE 'check_is_same' END",
        "body": f"""'{{"task_id": "' || {task_id} || '"}}'""",
        "state": "CASE WHEN n %% 50 = 0 THEN 'failed' ELSE 'delivered' END",
        "attempt_count": str(each), "schedule_step": str(each), "schedule_start": sent, "next_attempt_at": sent,
        "created_at": sent, "delivered_at": f"CASE WHEN n %% 50 <> 0 THEN {sent} END",
    }  # fmt: skip


def _attempts(sizes: Sizes) -> dict[str, str]:
    each, at = max(sizes.attempts // sizes.messages, 1), _ago(f"({sizes.attempts} - n) * {YEAR_S}.0 / {sizes.attempts}")
    return {
        "message_id": f"1 + (n - 1) / {each}", "number": f"1 + (n - 1) %% {each}", "started_at": at, "ended_at": at,
        "url": "'https://label.example/hook'", "request_headers": _json(_SENT), "duration_ms": "120",
        "status": f"CASE WHEN (n - 1) %% {each} = {each - 1} THEN 200 ELSE 500 END",
        "response_headers": _json("""'{"Content-Type": "text/plain"}'"""), "response_body": "'thanks'",
    }  # fmt: skip
