"""What rows `bench.pages` puts in which table, and how many."""

import os
import uuid
from datetime import timedelta
from typing import Any

from bench.pages.filling import Value

QUICK = os.environ.get("QUICK") == "1"
TRACKS = 10_000 if QUICK else 100_000
RECEIVED = 3 * TRACKS
OTHERS = TRACKS // 20
# Matches of each relation there is, four of six called duplicates; their evidence is as long as of half a minute.
RELATIONS = ("identical", "same", "excerpt", "contains", "overlap", "related")
VERDICTS = ("duplicate", "duplicate", "duplicate", "duplicate", "contains", "none")
SEGMENTS = [[0.0, 30.0, 0.0, 30.0, 0.9]]
CURVE = [0.9] * 60
BESIDE = TRACKS // 4  # the two tracks of a match lie so far apart
PAIRS = 3 * TRACKS // 4  # matches of two tracks; two thirds of them wait, a third was found by one scan
# Beside them: a group of 300 that waits, a mix with 60 recordings, a family of 300, and tracks that lost.
GROUP, GROUP_SIZE = TRACKS - 4000, 300
MIX, MIX_PARTS = TRACKS - 5, 60
FAMILY, FAMILY_SIZE = TRACKS - 3000, 300
LOSERS = TRACKS // 20
MATCHES = PAIRS + GROUP_SIZE - 1 + MIX_PARTS
SECRET = "whsec_" + "A" * 32


def sizes() -> dict[str, int]:
    """Say how many rows a table gets, where it is not `OTHERS`."""
    large = ("AudioFile", "Track", "IndexOperation", "Job", "Fingerprint")
    few = (
        "catalog.IndexClock",
        "catalog.IndexLease",
        "queueing.QueueHeartbeat",
        "catalog.Deployment",
        "queueing.FailingDuty",
    )
    return {
        **{f"catalog.{name}": TRACKS for name in large},
        **dict.fromkeys(few, 1),
        "catalog.Match": MATCHES,
        "catalog.Decision": LOSERS + FAMILY_SIZE - 1,
        "catalog.Scan": 100,
        "catalog.ScanSchedule": 20,
        "catalog.ApiKeyDay": TRACKS,
        "catalog.BulkWork": 500,
        "catalog.Rule": 100,
        "catalog.RuleRun": 500,
        "webhooks.Message": TRACKS,
        "webhooks.Attempt": RECEIVED,
        "webhooks.Received": RECEIVED,
        "webhooks.Refused": 1000,
        "webhooks.Endpoint": 50,
        "webhooks.Source": 20,
    }


def special() -> dict[str, dict[str, Value]]:
    """Say what a field's kind does not: what rows must agree on, and what lists are searched for."""
    from datetime import date  # noqa: PLC0415

    then = now()
    task = lambda n: f"task_20260101000000_{n:08}"  # noqa: E731
    failed = lambda n: n % 50 == 0  # noqa: E731
    return {
        "catalog.AudioFile": {"sha256": lambda n: f"{n:064x}", "codec": lambda _: "mp3"},
        "catalog.Track": {
            "pk": lambda n: n,
            "music_id": lambda n: uuid.UUID(int=n * 2**96 + n),
            "audio_file_id": lambda n: n,
            "title": lambda n: f"Song {n}",
            "artist": lambda n: f"Artist {n % 5000}",
            "album": lambda n: f"Album {n % 9000}",
        },
        "catalog.IndexOperation": {
            "sequence": lambda n: n, "track_key": lambda n: n, "version": lambda _: "0", "kind": lambda _: "add",
        },
        "catalog.IndexClock": {"last_sequence": lambda _: TRACKS},
        "catalog.Fingerprint": {"version": lambda n: str(n % 2), "audio_file_id": lambda n: n},
        "catalog.Job": {
            "pk": lambda n: n,
            "task_id": task,
            "task_name": lambda n: "check_is_same" if n % 2 else "add_audio_in_index",
            "status": lambda _: "success",
            "attempts": lambda _: 1,
            "started_at": lambda _: then,
            "completed_at": lambda _: then + timedelta(seconds=2),
            "result": lambda n: {"is_duplicate": n % 10 == 1, "matched_music_id": None, "matched_musicname": None},
            "detail": lambda _: {"fingerprint_s": 0.5, "search_s": 0.2},
        },
        "catalog.Match": {
            "job_id": lambda n: None if _of_scan(n) else _ends(n)[0], "scan_id": lambda n: 1 if _of_scan(n) else None,
            "query_track_id": lambda n: _ends(n)[0], "reference_track_id": lambda n: _ends(n)[1],
            "relation": lambda n: _kind(n)[0], "verdict": lambda n: _kind(n)[1],
            "tempo_ratio": lambda n: 1 + 0.05 * (n % 7 == 0), "pitch_semitones": lambda _: 0.0, "edit": lambda _: "",
            "query_coverage": lambda n: 0.02 if _is_in_mix(n) else 0.8 + n % 21 / 100,
            "reference_coverage": lambda n: 0.8 + n % 20 / 100,
            "query_start_s": lambda n: 30.0 * (n % MIX_PARTS), "query_end_s": lambda n: 30.0 * (n % MIX_PARTS) + 30.0,
            "similarity": lambda _: 0.9, "segments": lambda _: SEGMENTS, "similarity_curve": lambda _: CURVE,
        },
        "catalog.PairCare": {"first_track_id": lambda n: n, "second_track_id": lambda n: n + BESIDE},
        "catalog.PairNote": {"first_track_id": lambda n: n, "second_track_id": lambda n: n + BESIDE},
        "catalog.Decision": {
            "first_track_id": lambda n: _decided(n)[0], "second_track_id": lambda n: _decided(n)[1],
            "keeper_id": lambda n: _decided(n)[0], "verdict": lambda _: "same", "decided_by_id": lambda _: 1,
        },
        "catalog.EvidenceLink": {"expires_at": lambda _: then + timedelta(days=1)},
        "catalog.ScanSchedule": {"is_on": lambda _: True, "next_at": lambda _: then, "every": lambda _: "day"},
        "catalog.Rule": {
            "kind": lambda _: "allowed", "of": lambda _: "artist", "tag": lambda _: "",
            "value": lambda n: f"Artist {n}",
        },
        "catalog.RuleRun": {"ended_at": lambda _: then, "last_match": lambda _: TRACKS},
        "catalog.Upload": {"state": lambda _: "open", "received_bytes": lambda _: 0},
        "catalog.Scan": {"status": lambda _: "done", "ended_at": lambda _: then, "last_track": lambda _: TRACKS},
        "catalog.BulkWork": {
            "track_ids": lambda _: list(range(1000)), "total": lambda _: 1000, "done": lambda _: 1000,
            "failures": lambda _: [], "ended_at": lambda _: then,
        },
        "catalog.ApiKey": {"tier": lambda _: "free", "prefix": lambda n: f"k{n:010}"},
        "catalog.ApiKeyDay": {"day": lambda n: date(2026, 1, 1) + timedelta(days=n // OTHERS)},
        "webhooks.Endpoint": {"owner_id": lambda n: n + 1, "url": lambda n: f"https://label{n}.example/hook"},
        "webhooks.Message": {
            "subject": task,
            "body": lambda n: f'{{"task_id": "{task(n)}"}}',
            "event": lambda _: "check_is_same",
            "state": lambda n: "failed" if failed(n) else "delivered",
            "delivered_at": lambda n: None if failed(n) else then,
        },
        "webhooks.Attempt": {
            "message_id": lambda n: 1 + (n - 1) // 3, "number": lambda n: 1 + (n - 1) % 3, "ended_at": lambda _: then,
            "duration_ms": lambda _: 40, "status": lambda n: 500 if n % 3 else 200,
        },
        "webhooks.StateChange": {"state": lambda n: "healthy" if n % 2 else "failing"},
        "webhooks.Source": {"slug": lambda n: f"source-{n}", "sealed_secret": lambda _: sealed_secret()},
        "webhooks.Received": {
            "task_id": task,
            "event": lambda n: "check_is_same" if n % 2 else "add_audio_in_index",
            "status": lambda n: "success" if n % 50 else "failure",
            "standard_verified": lambda _: False,
            "mippia_verified": lambda _: True,
            "body": lambda n: f'{{"task_id": "{task(n)}"}}',
            "source_id": lambda n: 1 if n % 10 else 2,
        },
    }  # fmt: skip


def _of_scan(number: int) -> bool:
    return number <= PAIRS and number % 3 == 0


def _is_in_mix(number: int) -> bool:
    return number > PAIRS + GROUP_SIZE - 1


def _ends(number: int) -> tuple[int, int]:
    """Return query and reference of a match: of two tracks, of the group and its first, or of the mix and a part."""
    if number <= PAIRS:
        return number + BESIDE, number
    beyond = number - PAIRS
    return (MIX, beyond - GROUP_SIZE + 1) if _is_in_mix(number) else (GROUP + beyond, GROUP)


def _is_special(track: int) -> bool:
    """Tell whether a track is of the group or the mix, which have matches of their own."""
    return GROUP <= track < GROUP + GROUP_SIZE or track == MIX


def _kind(number: int) -> tuple[str, str]:
    if number <= PAIRS:
        kind = 5 if _is_special(number + BESIDE) else number % 6  # else the group's first would be an excerpt itself
        return RELATIONS[kind], VERDICTS[kind]
    return ("overlap", "contains") if _is_in_mix(number) else ("same", "duplicate")


def _decided(number: int) -> tuple[int, int]:
    """Return the track that is kept and one that lost: pairs far from each other, then one family."""
    return (2 * number, 2 * number + 1) if number <= LOSERS else (FAMILY, FAMILY + number - LOSERS)


def now() -> Any:
    """Return this moment."""
    from django.utils import timezone  # noqa: PLC0415

    return timezone.now()


def sealed_secret() -> str:
    """Return the secret as it is stored."""
    from webhooks.secret_box import seal  # noqa: PLC0415

    return seal(SECRET)
