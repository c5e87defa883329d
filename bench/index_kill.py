"""``python -m bench.index_kill``: kill -9 in the middle of adding, compacting and rebuilding, 100 times at random.

One process adds and removes tracks in the real database and follows them with an index of its own; others compact or
rebuild the files. After each kill a fresh process compares files, log, index and every fingerprint: nothing lost,
nothing doubled. The index has lists and codes from a few hundred vectors on, so that all of its code is at work; the
music is what comes with the tests. ``QUICK=1`` kills ten times.
"""

import contextlib
import multiprocessing
import os
import random
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path

from bench.goals import Goal
from bench.service import add_tracks, deployment
from catalog.engine import Fingerprinter
from catalog.engine.index import codec

AUDIO = Path(__file__).parent.parent / "tests" / "audio"
TRACK_S = 30.0  # about
KILLS, QUICK_KILLS = 100, 10
FIRST_TRACKS = 60
DISTINCT = 4
LISTS_FROM, FEWEST_LISTS, VECTORS_A_LIST = 500, 16, 100
LONGEST_S = 6.0  # from a process's first sign of life to its end
PATIENCE_S = 120
FORK = multiprocessing.get_context("fork")  # Django is loaded once, FAISS in each child


def main() -> int:
    """Kill, verify, tell."""
    codec.LISTS_FROM, codec.FEWEST_LISTS, codec.VECTORS_A_LIST = (
        LISTS_FROM,
        FEWEST_LISTS,
        VECTORS_A_LIST,
    )
    kills = QUICK_KILLS if os.environ.get("QUICK") else int(os.environ.get("KILLS", KILLS))
    seed = int(os.environ.get("SEED", str(time.time_ns() % 1_000_000)))
    chance, at_work, problems = random.Random(seed), Counter(), []
    with deployment(JOB_LEASE_SECONDS="1") as folder:  # shorter than the service takes: a dead writer is waited for
        paths = sorted(path for path in AUDIO.iterdir() if path.suffix in {".ogg", ".mp3"})[:DISTINCT]
        stored = [Fingerprinter().fingerprint(path).to_bytes() for path in paths]
        add_tracks([stored[number % DISTINCT] for number in range(FIRST_TRACKS)], duration_s=TRACK_S)
        if found := _in_process(_compact_and_verify):
            raise SystemExit(found)
        for number in range(kills):
            work = (_add, _compact, _rebuild)[number % 3]
            at_work[work.__name__[1:]] += _killed(work, stored, chance)
            found = _in_process(_verify)
            problems += [f"kill {number} ({work.__name__}): {found}"] if found else []
            if (number + 1) % 10 == 0:
                print(f"{number + 1} kills, {len(problems)} with problems; {_in_process(_state)}", flush=True)
        last = _in_process(_compact_and_verify)
        problems += [f"at the end: {last}"] if last else []
        if left := _left_over(folder):
            problems.append(f"{left} processes outlived those that started them")
    print("\n".join(problems[:10]))
    print(f"seed {seed}; killed while at work: {dict(at_work)}")
    name = f"kill -9 {kills} times in add, compact, rebuild: `index verify` clean every time"
    met = not problems and sum(at_work.values()) == kills
    print(Goal(name, f"{kills - len(problems)} of {kills}", met).line())
    return 0 if met else 1


def _killed(work: Callable[[Connection, list[bytes]], None], stored: list[bytes], chance: random.Random) -> bool:
    """Start a process and kill it at a random moment of its work; True where it was still at it."""
    here, there = FORK.Pipe()
    process = _started(work, there, stored)
    if not here.poll(PATIENCE_S) or here.recv() != "begun":
        raise SystemExit(f"{work.__name__} did not begin")
    time.sleep(chance.random() ** 2 * LONGEST_S)
    os.kill(process.pid, signal.SIGKILL)
    process.join()
    return process.exitcode == -signal.SIGKILL


def _left_over(folder: Path) -> int:
    """How many other processes still belong to the deployment."""
    time.sleep(1.0)
    mark, count = f"DATA_DIR={folder}\0".encode(), 0
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            count += mark in (process / "environ").read_bytes() and process.name != str(os.getpid())
    return count


def _in_process(work: Callable[[Connection, list[bytes]], None]) -> str:
    """What a fresh process says."""
    here, there = FORK.Pipe()
    process = _started(work, there, [])
    there.close()
    try:
        said = here.recv()
    except EOFError:
        said = f"{work.__name__} ended without a word"
    process.join()
    return said


def _started(work: Callable[..., None], pipe: Connection, stored: list[bytes]) -> multiprocessing.Process:
    from django.db import connections  # noqa: PLC0415

    connections.close_all()  # no connection crosses a fork
    process = FORK.Process(target=work, args=(pipe, stored))
    process.start()
    return process


def _add(pipe: Connection, stored: list[bytes]) -> None:
    """Add two, remove one, follow; for ever."""
    from catalog.models import Track  # noqa: PLC0415
    from catalog.services.index.searching import CaughtUpIndex  # noqa: PLC0415
    from catalog.services.tracks import removal  # noqa: PLC0415

    index = CaughtUpIndex()
    index.opened()
    pipe.send("begun")
    number = 0
    while True:
        added = add_tracks([stored[(number + n) % DISTINCT] for n in range(2)], duration_s=TRACK_S)
        removal.remove_track(track=Track.objects.get(pk=added[number % 2]))
        index.opened()
        number += 1


def _compact(pipe: Connection, stored: list[bytes]) -> None:
    """Compact for ever, with something to compact each time."""
    from catalog.services.index.searching import CaughtUpIndex  # noqa: PLC0415

    index = CaughtUpIndex()
    index.opened()
    pipe.send("begun")
    while True:
        add_tracks(stored[:1], duration_s=TRACK_S)
        _patiently(index.compact)


def _rebuild(pipe: Connection, stored: list[bytes]) -> None:  # noqa: ARG001
    """Rebuild for ever."""
    from catalog.services.index.searching import CaughtUpIndex  # noqa: PLC0415

    index = CaughtUpIndex()
    index.opened()
    pipe.send("begun")
    while True:
        _patiently(index.rebuild)


def _verify(pipe: Connection, stored: list[bytes]) -> None:  # noqa: ARG001
    from catalog.services.index import verifying  # noqa: PLC0415

    found = verifying.verify(sample=0, progress=lambda things, *_: things)
    pipe.send("; ".join(problem for _, problems in found for problem in problems))


def _compact_and_verify(pipe: Connection, stored: list[bytes]) -> None:
    from catalog.services.index.searching import CaughtUpIndex  # noqa: PLC0415

    _patiently(CaughtUpIndex().compact)
    _verify(pipe, stored)


def _state(pipe: Connection, stored: list[bytes]) -> None:  # noqa: ARG001
    from catalog.services.index import status  # noqa: PLC0415

    found = status.status()
    number = found.generation.number if found.generation else 0
    pipe.send(f"log at {found.last_sequence}, generation {number}, {found.behind} behind")


def _patiently(write: Callable[[], object]) -> None:
    """Wait for the lease of one that was killed to lapse."""
    from catalog.engine import IndexBusy  # noqa: PLC0415

    while True:
        try:
            write()
        except IndexBusy:
            time.sleep(0.05)
        else:
            return


if __name__ == "__main__":
    sys.exit(main())
