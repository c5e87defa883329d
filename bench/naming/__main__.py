"""``python -m bench.naming [--families a b c d s f e] [--split tuning|test] [--seed N]``; ``QUICK=1``: the short form.

``--cost`` measures memory and CPU against the length of a query and the number of copies instead. Prints, for each
protocol, what was named, lost and invented, and one line a goal (``goal | reached | met or missed``); the exit status
is 1 when one is missed. References are the split's tracks with the training's (and for the test split the tuning's);
in the short form the split's alone. Queries are made of the split's tracks. Needs Debian's ``rubberband-cli`` and
``espeak-ng``; ``libchromaprint-tools`` for the peer.
"""

import argparse
import json
import os
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict

from bench import corpus, report
from bench.goals import Goal
from bench.naming import cost, protocols
from bench.naming.drawing import SEED, Draw
from bench.naming.protocols import Protocol, Run
from bench.naming.reach import reach
from bench.prints import make_prints

OTHERS = {"tuning": ["training"], "test": ["training", "tuning"], corpus.HOLD_OUT: ["training", "tuning"]}
FAMILIES: dict[str, Protocol] = {
    "a": protocols.many_recordings,
    "b": protocols.dj_mixes,
    "c": protocols.many_copies,
    "d": protocols.closest_first,
    "s": protocols.silence_and_tones,
    "f": protocols.shared_material,
    "e": reach,
}


def main() -> int:
    """Make, index, ask, print."""
    options = _options()
    quick, began = bool(os.environ.get("QUICK")), time.monotonic()
    run = _run(options, quick=quick)
    if options.measure:
        kind, amount = options.measure
        print(json.dumps(asdict(cost.measure(run, kind, float(amount)))))
        return 0
    print(f"{report.conditions()}; {len(run.references)} references, seed {options.seed}", flush=True)
    make_prints([track.path for track in run.references], options.workers)
    goals = cost.measured(run, _minutes(options, quick=quick)) if options.cost else _asked(run, options)
    print("\n".join([f"{time.monotonic() - began:.0f} s", *(goal.line() for goal in goals)]))
    return 0 if all(goal.met for goal in goals) else 1


def _minutes(options: argparse.Namespace, *, quick: bool) -> list[float]:
    return options.minutes or list(cost.QUICK_MINUTES if quick else cost.MINUTES)


def _asked(run: Run, options: argparse.Namespace) -> list[Goal]:
    with ProcessPoolExecutor(options.workers) as pool:  # each has an index of its own
        found = pool.map(_goals_of, options.families, [run] * len(options.families))
        return [goal for family in found for goal in family]


def _goals_of(family: str, run: Run) -> list[Goal]:
    return FAMILIES[family](run)


def _run(options: argparse.Namespace, *, quick: bool) -> Run:
    for split in [options.split, *([] if quick else OTHERS[options.split])]:
        if split in corpus.SPLITS and not corpus.tracks(split):
            corpus.fetch_missing(corpus.SPLITS[split])
    own = tuple(corpus.tracks(options.split))
    others = tuple(track for name in OTHERS[options.split] for track in corpus.tracks(name))
    draw = Draw(options.split, own, options.seed)
    return Run(draw, own if quick else own + others, others, quick, options.chunks, options.workers)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench.naming", description=__doc__)
    parser.add_argument("--families", nargs="+", default=list(FAMILIES), choices=list(FAMILIES))
    parser.add_argument("--split", default="tuning", choices=list(OTHERS))
    parser.add_argument("--seed", type=int, default=SEED, help="another one draws other queries")
    parser.add_argument("--chunks", type=int, help="of protocol A, at most")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--cost", action="store_true", help="measure memory and CPU instead")
    parser.add_argument("--minutes", type=float, nargs="+", help="of query, that --cost measures")
    parser.add_argument("--measure", nargs=2, metavar=("KIND", "AMOUNT"), help=argparse.SUPPRESS)
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
