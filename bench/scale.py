"""``python -m bench.scale``: recall and false accepts as the index grows to 100,000 simulated tracks.

``QUICK=1`` stops at 2,000. The simulated tracks are a minute long, so that 100,000 of them fit in memory.
"""

import os
import sys
import time

from bench import plots, report
from bench.goals import Goal
from bench.prints import make_prints, print_of
from bench.queries import Query, make_all, negatives, positives, references, thinned
from bench.robustness import OUT
from bench.simulated import simulated_tracks
from catalog.engine import FingerprintIndex

SIZES = (0, 1_000, 10_000, 30_000, 100_000)
QUICK_SIZES = (0, 500, 2_000)
TRACK_S = 60.0
LENGTHS = ("30 s", "10 s")


def main() -> int:
    """Grow, ask at each size, compare with the goal."""
    quick = bool(os.environ.get("QUICK"))
    asked = [q for q in positives("test", quick=False) if q.length in LENGTHS]
    asked = thinned(asked, 40 if quick else 12)
    strange = thinned(negatives("test", quick=False), 25 if quick else 4)
    make_all(asked + strange, 2)
    known = references("test")
    make_prints([t.path for t in known] + [q.path for q in asked + strange], 2)
    print(f"{report.conditions()}; {len(asked)} positive and {len(strange)} negative queries", flush=True)
    index = FingerprintIndex()
    for number, track in enumerate(known):
        if (fingerprint := print_of(track.path).fingerprint) is not None:
            index.add(number, fingerprint)
    ids = {track.name: number for number, track in enumerate(known)}
    have, sizes, recalls, goal = 0, [], [], None
    for size in QUICK_SIZES if quick else SIZES:
        for track_id, fingerprint in simulated_tracks(size - have, TRACK_S, first=have):
            index.add(track_id, fingerprint)
        have = size
        before = time.process_time()
        right = sum(_top(index, query) == ids.get(query.track or "") for query in asked)
        wrong = sum(_top(index, query) is not None for query in strange)
        spent = (time.process_time() - before) / (len(asked) + len(strange))
        sizes.append(len(index))
        recalls.append(right / len(asked))
        print(
            f"{len(index):>7} tracks: {right} of {len(asked)} found, {wrong} of {len(strange)} negatives reported, "
            f"{spent:.2f} CPU s a query",
            flush=True,
        )
        goal = Goal(
            f"0 false accepts with {have:,} simulated tracks in the index", f"{wrong} of {len(strange)}", wrong == 0
        )
    plots.size_curve(sizes, recalls, OUT / "recall-size.png")
    if goal is None:
        return 1
    print(goal.line())
    return 0 if goal.met else 1


def _top(index: FingerprintIndex, query: Query) -> int | None:
    fingerprint = print_of(query.path).fingerprint
    matches = index.search(fingerprint, limit=1) if fingerprint is not None else []
    return matches[0].track_id if matches else None


if __name__ == "__main__":
    sys.exit(main())
