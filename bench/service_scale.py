"""What of the index's scale needs a database: rebuilding, and how soon another process sees an add."""

import json
import resource
import subprocess
import sys
import time

from bench.goals import Goal
from bench.service import add_tracks, deployment, run_command
from bench.simulated import simulated_print

TRACK_S = 240.0
DISTINCT = 60  # fingerprints; the tracks of a rebuild share their bytes, which costs as much to read
TRACKS, QUICK_TRACKS = 10_000, 3_000  # fewer cost mostly the learning of the lists, which does not grow with them
REBUILD_LIMIT_S = 60.0
ADDS, QUICK_ADDS = 50, 10


def goals(*, quick: bool) -> list[Goal]:
    """Both, in a deployment of their own."""
    with deployment():
        stored = [simulated_print(number, TRACK_S).to_bytes() for number in range(DISTINCT)]
        print(f"a 4-minute fingerprint in the database: {sum(map(len, stored)) / len(stored):.0f} bytes", flush=True)
        return [_visible(stored, QUICK_ADDS if quick else ADDS), _rebuilding(stored, QUICK_TRACKS if quick else TRACKS)]


def _visible(stored: list[bytes], count: int) -> Goal:
    """Add in this process; the very next check of one that was there before must find it."""
    asking = [sys.executable, "-m", "bench.service_scale"]
    with subprocess.Popen(asking, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        if other.stdin is None or other.stdout is None:
            raise SystemExit("no pipes")
        seen, slowest = 0, 0.0
        for number in range(count):
            track_id = add_tracks([stored[number % DISTINCT]], duration_s=TRACK_S)[0]
            print(track_id, file=other.stdin, flush=True)
            answer = json.loads(other.stdout.readline())
            seen += track_id in answer["found"]
            slowest = max(slowest, answer["caught_up_s"])
        other.stdin.close()
    print(f"catching up with one add: at most {slowest * 1000:.0f} ms", flush=True)
    return Goal("an add is seen by the next check in another process", f"{seen} of {count}", seen == count)


def _rebuilding(stored: list[bytes], count: int) -> Goal:
    add_tracks([stored[number % DISTINCT] for number in range(count)], duration_s=TRACK_S)
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime, time.perf_counter()
    run_command("index", "rebuild")
    wall_s = time.perf_counter() - began
    cpu_s = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before
    run_command("index", "verify")
    limit_s = REBUILD_LIMIT_S * count / TRACKS
    name = f"rebuild of {count:,} tracks from the database <= {limit_s:g} s"
    return Goal(name, f"{wall_s:.1f} s ({cpu_s:.1f} CPU s)", wall_s <= limit_s)


def answer() -> int:
    """The other process: for each track id, what its fingerprint finds."""
    from bench.service import set_up  # noqa: PLC0415

    set_up()
    from catalog.services.index.searching import CaughtUpIndex, fingerprints_of  # noqa: PLC0415

    index = CaughtUpIndex()
    for line in sys.stdin:
        fingerprint = fingerprints_of([int(line)])[int(line)]
        began = time.perf_counter()
        index.opened()
        caught_up_s = time.perf_counter() - began
        found = [match.track_id for match in index.search(fingerprint, exclude=(), limit=1000)]
        print(json.dumps({"found": found, "caught_up_s": caught_up_s}), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(answer())
