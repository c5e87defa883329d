"""``python -m bench.robustness [--split test|tuning] [--every N] [--no-peer]``; ``QUICK=1`` for the short form.

Prints tables and one line a goal (``goal | reached | met or missed``); the exit status is 1 when one is missed.
Everything is written to ``bench/out/<split>/`` as well. Needs the corpus (fetched when it is not there), and Debian's
``libchromaprint-tools`` and ``espeak-ng``.
"""

import argparse
import os
import sys
import time
from pathlib import Path

from bench import corpus, goals, peers, plots, report
from bench.prints import make_prints, print_of
from bench.queries import Query, indexed_tracks, make_all, negatives, positives, thinned
from bench.repeats import without_repeats
from bench.runner import run

OUT = Path(__file__).parent / "out"
SMALL = ("singularity-music", "fretsonfire-songs-sectoid", "extremetuxracer-data", "lincity-ng-data", "asc-music")


def main() -> int:
    """Fetch, make queries, index, ask, report."""
    options = _options()
    quick = bool(os.environ.get("QUICK"))
    corpus.fetch_missing(SMALL if quick else corpus.FETCH_ORDER)
    began = time.monotonic()
    queries = positives(options.split, quick=quick) + negatives(options.split, quick=quick)
    queries = thinned(queries, options.every)
    out = OUT / (options.split + ("-quick" if quick else ""))
    make_all(queries, options.workers)
    indexed = indexed_tracks(options.split, distractors=not quick)
    make_prints([t.path for t in indexed] + [q.path for q in queries], options.workers)
    rows = run(queries, options.split, distractors=not quick, workers=options.workers)
    rows, repeats = without_repeats(rows, queries, options.split)
    report.write_csv(rows, out / "robustness.csv")
    peer_rows = _peer(queries, options, distractors=not quick) if options.peer else []
    reached = goals.recognition_goals(rows, quick=quick)
    sizes = [len(p.to_bytes()) / p.duration_s * 60 for t in indexed if (p := print_of(t.path).fingerprint)]
    form = f"split {options.split}{', quick' if quick else ''}, {time.monotonic() - began:.0f} s"
    negative = sum(query.track is None for query in queries)
    parts = [
        f"{len(queries)} queries ({negative} negatives) against {len(indexed)} tracks, {form}",
        report.conditions(),
        report.table(rows),
        report.families(rows),
        "Weakest:\n" + report.weakest(rows),
        "False accepts:\n" + report.false_accepts(rows),
        f"Fingerprint bytes a minute of reference: {sum(sizes) / len(sizes):.0f}",
        f"Offsets not judged because the reference repeats itself there: {repeats}",
        report.costs(rows),
        peers.summary(peer_rows) if peer_rows else "",
        "\n".join(goal.line() for goal in reached),
    ]
    text = "\n\n".join(parts)
    (out / "robustness.md").write_text(text + "\n")
    print(text)
    plots.all_plots(rows, peer_rows, out)
    return 0 if all(goal.met for goal in reached) else 1


def _peer(queries: list[Query], options: argparse.Namespace, *, distractors: bool) -> list[peers.PeerRow]:
    return peers.ask_all(queries, options.split, distractors=distractors, workers=options.workers)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench.robustness")
    parser.add_argument("--split", choices=("test", "tuning", corpus.HOLD_OUT), default="test")
    parser.add_argument("--every", type=int, default=1, help="ask one query in so many")
    parser.add_argument("--workers", type=int, default=max(1, (os.cpu_count() or 2)))
    parser.add_argument("--no-peer", dest="peer", action="store_false")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
