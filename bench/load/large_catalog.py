"""A large deployment's rows, written by the database itself: tracks, tasks, callbacks and their attempts."""

from dataclasses import dataclass
from typing import Any

from django.db import connection


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
    """Write the rows: uploads over two years, tasks over one, 5 % of the tasks failed, 10 % of the checks matched."""
    numbers = {
        "tracks": sizes.tracks,
        "jobs": sizes.jobs,
        "attempts": sizes.attempts,
        "each": max(sizes.attempts // sizes.messages, 1),
        "owner": owner_id,
        "endpoint": endpoint_id,
    }
    with connection.cursor() as cursor:
        for table in _TABLES:
            _give_defaults(cursor, table)
        for statement in _STATEMENTS:
            cursor.execute(statement, numbers)
        for table in _TABLES:
            last = f"(SELECT max(id) FROM {table})"  # noqa: S608  (our own names)
            cursor.execute(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), {last})")
        cursor.execute("ANALYZE")


def _give_defaults(cursor: Any, table: str) -> None:
    """Let the statements name only the columns that matter: a column that was added since is empty in every row."""
    cursor.execute(
        "SELECT column_name, data_type FROM information_schema.columns WHERE table_name = %s AND is_nullable = 'NO'"
        " AND column_default IS NULL AND is_identity = 'NO' AND data_type = ANY(%s)",
        [table, [*_EMPTY]],
    )
    for column, kind in cursor.fetchall():
        cursor.execute(f'ALTER TABLE {table} ALTER "{column}" SET DEFAULT {_EMPTY[kind]}')


_EMPTY = {
    "character varying": "''",
    "text": "''",
    "boolean": "false",
    "smallint": "0",
    "double precision": "0",
    "jsonb": "'{}'",
    "uuid": "gen_random_uuid()",
    "timestamp with time zone": "now()",
}
_TABLES = (
    "catalog_audiofile",
    "catalog_track",
    "catalog_job",
    "catalog_match",
    "webhooks_message",
    "webhooks_attempt",
)
_STATEMENTS = (
    """INSERT INTO catalog_audiofile (id, sha256, stored_name, size_bytes, container, codec, duration_s, sample_rate_hz,
         channels, bit_rate, created_at)
       SELECT n, md5(n::text) || md5((-n)::text), 'aa/' || md5(n::text), 5000000, 'mp3', 'mp3', 240, 44100, 2, 192000,
         now() - (n * interval '2 years' / %(tracks)s) FROM generate_series(1, %(tracks)s) n""",
    """INSERT INTO catalog_track (id, music_id, owner_id, audio_file_id, title, artist, album, isrc, tags, file_name,
         created_at)
       SELECT n, gen_random_uuid(), %(owner)s, n, 'Song ' || n, 'Artist ' || n %% 5000, 'Album ' || n %% 9000, '', '{}',
         'song ' || n || '.mp3', now() - (n * interval '2 years' / %(tracks)s) FROM generate_series(1, %(tracks)s) n""",
    """INSERT INTO catalog_indexoperation (sequence, kind, track_key, version, created_at)
       SELECT n, 'add', n, '0', now() FROM generate_series(1, %(tracks)s) n""",
    "INSERT INTO catalog_indexclock (id, last_sequence) VALUES (1, %(tracks)s)",
    """INSERT INTO catalog_job (id, task_id, task_name, track_id, owner_id, status, attempts, queued_at, created_at,
         started_at, completed_at, result, error, detail)
       SELECT n, 'task_20260101000000_' || lpad(n::text, 8, '0'),
         CASE WHEN n %% 2 = 0 THEN 'add_audio_in_index' ELSE 'check_is_same' END, 1 + n %% %(tracks)s, %(owner)s,
         CASE WHEN n %% 20 = 0 THEN 'failure' ELSE 'success' END, 1, t, t, t + interval '1 second',
         t + interval '2 seconds', CASE WHEN n %% 2 = 1 AND n %% 20 <> 0
           THEN json_build_object('is_duplicate', n %% 10 = 1, 'matched_music_id', null)::jsonb END,
         CASE WHEN n %% 20 = 0 THEN 'The file cannot be read as audio.' ELSE '' END, '{"fingerprint_s": 0.5}'
       FROM (SELECT n, now() - ((%(jobs)s - n) * interval '1 year' / %(jobs)s) AS t
             FROM generate_series(1, %(jobs)s) n) rows""",
    """INSERT INTO catalog_match (job_id, query_track_id, reference_track_id, verdict, relation, score,
         false_accept_probability,
         offset_s, query_start_s, query_end_s, reference_start_s, reference_end_s, tempo_ratio, pitch_semitones,
         query_coverage, reference_coverage, segments, similarity_curve, similarity_step_s, engine_version,
         created_at)
       SELECT id, track_id, 1 + (track_id + 17) %% %(tracks)s, 'duplicate', 'same', 0.6, 1e-9, 0, 0, 240, 0, 240, 1, 0,
         0.9, 0.9, '[]', '[]', 5, '1', completed_at
       FROM catalog_job WHERE id %% 10 = 1 AND status = 'success'""",
    """INSERT INTO webhooks_message (id, message_id, endpoint_id, event, event_key, subject, body, state, error,
         attempt_count, schedule_start, schedule_step, next_attempt_at, created_at, delivered_at)
       SELECT id, 'msg_' || md5(id::text), %(endpoint)s, task_name, task_id, task_id,
         json_build_object('task_id', task_id, 'task_name', task_name, 'status', status)::text,
         CASE WHEN id %% 50 = 0 THEN 'failed' ELSE 'delivered' END, '', %(each)s, completed_at, %(each)s, completed_at,
         completed_at, CASE WHEN id %% 50 <> 0 THEN completed_at + interval '1 minute' END FROM catalog_job""",
    """INSERT INTO webhooks_attempt (message_id, number, started_at, url, request_headers, ended_at, duration_ms,
         status, response_headers, response_body, error)
       SELECT 1 + (n - 1) / %(each)s, 1 + (n - 1) %% %(each)s, t, 'https://label.example/hook',
         '{"Content-Type": "application/json", "webhook-id": "msg_0", "webhook-signature": "v1,0000000000000000="}',
         t, 120, CASE WHEN (n - 1) %% %(each)s = %(each)s - 1 THEN 200 ELSE 500 END,
         '{"Content-Type": "text/plain"}', 'thanks', ''
       FROM (SELECT n, now() - ((%(attempts)s - n) * interval '1 year' / %(attempts)s) AS t
             FROM generate_series(1, %(attempts)s) n) rows""",
)
