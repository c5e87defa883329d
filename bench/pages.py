"""The staff pages with 100,000 tracks in SQLite, the embedded default: what each costs, by `make bench-pages`.

In one process, from the request to the last byte, without network and browser: what a page costs the server itself.
(bench.load asks the same of a running site on PostgreSQL, with a million tasks.)
"""

import os
import statistics
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from bench.goals import Goal

QUICK = os.environ.get("QUICK") == "1"
TRACKS = 10_000 if QUICK else 100_000
REPEATS = 5
LIMIT_MS = 500.0
SEARCH_LIMIT_MS = 1000.0  # words anywhere in five columns: every row is looked at
BATCH = 5_000
PAGES = {
    "overview": "/admin/",
    "tracks": "/admin/catalog/track/",
    "tracks, page 100": "/admin/catalog/track/?p=100",
    "tracks, by title": "/admin/catalog/track/?o=1",
    "tracks, in the index": "/admin/catalog/track/?indexed=yes",
    "tracks, duplicates": "/admin/catalog/track/?checked=duplicate",
    "tracks, by musicId": "/admin/catalog/track/?q={music_id}",
    "track": "/admin/catalog/track/{track}/change/",
    "tasks": "/admin/catalog/job/",
    "task": "/admin/catalog/job/{job}/change/",
    "matches": "/admin/catalog/match/",
    "review": "/catalog/review/",
    "callbacks out": "/admin/webhooks/message/",
    "callback out": "/admin/webhooks/message/{message}/change/",
    "callback URL": "/admin/webhooks/endpoint/{endpoint}/change/",
    "callbacks in": "/admin/webhooks/received/",
    "API keys": "/admin/catalog/apikey/",
}
SEARCHES = {
    "tracks, by a word": "/admin/catalog/track/?q=song+4711",
    "tracks, by a word that is nowhere": "/admin/catalog/track/?q=none-such",
}


def main() -> int:
    """Fill a database of its own, time each page, and say which goals are met."""
    with tempfile.TemporaryDirectory(prefix="bench-pages-") as folder:
        os.environ |= {"DATA_DIR": folder, "DJANGO_SETTINGS_MODULE": "fingerprint_site.settings", "LOG_LEVEL": "ERROR"}
        os.environ.pop("DATABASE_URL", None)
        import django  # noqa: PLC0415  (its settings are read here)

        django.setup()
        from django.core.management import call_command  # noqa: PLC0415

        call_command("migrate", verbosity=0)
        call_command("collectstatic", verbosity=0, interactive=False)
        places = _fill()
        missed = 0
        for goal in _measure(places):
            print(goal.line(), flush=True)
            missed += not goal.met
        return int(missed > 0)


def _fill() -> dict[str, Any]:
    from django.contrib.auth.models import User  # noqa: PLC0415
    from django.db import connection  # noqa: PLC0415

    from catalog.models import IndexClock, Job, Track  # noqa: PLC0415
    from webhooks.models import Message  # noqa: PLC0415
    from webhooks.services import store_endpoint  # noqa: PLC0415

    User.objects.create_superuser("bench")
    owner = User.objects.create_user("label")
    endpoint = store_endpoint(owner=owner, url="https://label.example/hook")
    for first in range(1, TRACKS + 1, BATCH):
        _fill_tracks(range(first, min(first + BATCH, TRACKS + 1)), owner.pk)
        _fill_tasks(range(first, min(first + BATCH, TRACKS + 1)), owner.pk, endpoint.pk)
    IndexClock.objects.create(pk=1, last_sequence=TRACKS)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    return {
        "track": TRACKS // 2,
        "music_id": Track.objects.values_list("music_id", flat=True).get(pk=TRACKS // 2),
        "job": Job.objects.values_list("pk", flat=True).get(track=TRACKS // 2),
        "message": Message.objects.latest("pk").pk,
        "endpoint": endpoint.pk,
    }


def _fill_tracks(numbers: range, owner_id: int) -> None:
    from catalog.models import AudioFile, IndexOperation, Track  # noqa: PLC0415

    AudioFile.objects.bulk_create(
        AudioFile(
            pk=n, sha256=f"{n:064x}", stored_name=f"aa/{n:064x}.mp3", size_bytes=5_000_000, container="mp3",
            codec="mp3", duration_s=240.0, sample_rate_hz=44_100, channels=2, bit_rate=192_000,
        )
        for n in numbers
    )  # fmt: skip
    Track.objects.bulk_create(
        Track(
            pk=n, music_id=uuid.UUID(int=n * 2**96 + n), owner_id=owner_id, audio_file_id=n, title=f"Song {n}",
            artist=f"Artist {n % 5000}", album=f"Album {n % 9000}", file_name=f"song {n}.mp3",
        )
        for n in numbers
    )  # fmt: skip
    IndexOperation.objects.bulk_create(
        IndexOperation(sequence=n, kind="add", track_key=n, version="0") for n in numbers
    )


def _fill_tasks(numbers: range, owner_id: int, endpoint_id: int) -> None:
    from django.utils import timezone  # noqa: PLC0415

    from catalog.models import Job, Match  # noqa: PLC0415
    from webhooks.models import Attempt, Message  # noqa: PLC0415

    now = timezone.now()
    jobs = [
        Job(
            pk=n, task_id=f"task_20260101000000_{n:08}", task_name="check_is_same", track_id=n, owner_id=owner_id,
            status="success", attempts=1, started_at=now, completed_at=now + timedelta(seconds=2),
            result={"is_duplicate": n % 10 == 0, "matched_music_id": None, "matched_musicname": None},
            detail={"fingerprint_s": 0.5, "search_s": 0.2},
        )
        for n in numbers
    ]  # fmt: skip
    Job.objects.bulk_create(jobs)
    Match.objects.bulk_create(
        Match(
            job_id=n, query_track_id=n, reference_track_id=1 + (n + 17) % numbers[0], verdict="duplicate", score=0.6,
            false_accept_probability=1e-9, offset_s=0, query_start_s=0, query_end_s=240, reference_start_s=0,
            reference_end_s=240, tempo_ratio=1, pitch_semitones=0, query_coverage=0.9, reference_coverage=0.9,
            description="The same recording", engine_version="1",
        )
        for n in numbers
        if n % 10 == 0
    )  # fmt: skip
    Message.objects.bulk_create(
        Message(
            pk=n, message_id=f"msg_{n}", endpoint_id=endpoint_id, event="check_is_same", event_key=str(n),
            subject=f"task_20260101000000_{n:08}", body=f'{{"task_id": "task_20260101000000_{n:08}"}}',
            state="failed" if n % 50 == 0 else "delivered", delivered_at=None if n % 50 == 0 else now,
            attempt_count=1, schedule_start=now, next_attempt_at=now, created_at=now,
        )
        for n in numbers
    )  # fmt: skip
    Attempt.objects.bulk_create(
        Attempt(
            message_id=n, number=1, started_at=now, ended_at=now, duration_ms=40, status=500 if n % 50 == 0 else 200,
            url="https://label.example/hook", request_headers={"webhook-id": f"msg_{n}"},
        )
        for n in numbers
    )  # fmt: skip


def _measure(places: dict[str, Any]) -> Iterator[Goal]:
    from django.contrib.auth.models import User  # noqa: PLC0415
    from django.test import Client  # noqa: PLC0415

    desk = Client(headers={"host": "127.0.0.1"})
    desk.force_login(User.objects.get(username="bench"))
    print(f"{TRACKS:,} tracks, tasks and callbacks in SQLite; load average {os.getloadavg()[0]:.1f}")
    for pages, limit_ms in ((PAGES, LIMIT_MS), (SEARCHES, SEARCH_LIMIT_MS)):
        for name, path in pages.items():
            took_ms = _median_ms(desk, path.format(**places))
            yield Goal(f"{name} <= {limit_ms:.0f} ms", f"{took_ms:.0f} ms", took_ms <= limit_ms)
    began_s = time.perf_counter()
    answer = desk.get("/admin/catalog/track/export/")
    lines = sum(part.count(b"\n") for part in answer.streaming_content)  # type: ignore[attr-defined]
    took_s = time.perf_counter() - began_s
    yield Goal(f"CSV of all {TRACKS:,} tracks <= 60 s", f"{took_s:.1f} s, {lines:,} lines", took_s <= 60)


def _median_ms(desk: Any, path: str) -> float:
    times = []
    for number in range(REPEATS + 1):
        began_s = time.perf_counter()
        answer = desk.get(path)
        times.append((time.perf_counter() - began_s) * 1000 if number else 0.0)
        if answer.status_code != 200:
            raise SystemExit(f"{path} answers {answer.status_code}")
    return statistics.median(times[1:])  # the first fills caches


if __name__ == "__main__":
    sys.exit(main())
