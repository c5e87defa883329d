"""``python -m bench.naming [--families a b c d] [--split tuning|test]``; ``QUICK=1`` for the short form.

Needs Debian's ``rubberband-cli`` and ``espeak-ng``. References are the split's tracks with the training's (and for the
test split the tuning's). Prints, for each protocol, what was named, what was lost and what was invented, and what it
cost.
"""

import argparse
import os
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bench import corpus
from bench.corpus import CorpusTrack
from bench.naming import families, judge
from bench.naming.families import NamedQuery
from bench.naming.judge import Told
from bench.prints import make_prints, print_of
from catalog.engine import FingerprintIndex, Match

CHUNKS = {"hard": 240, "medium": 160}
QUICK_CHUNKS = {"hard": 12, "medium": 12}
COPIES = (31, 200)
SONGS = 9  # of protocol D


@dataclass
class Catalog:
    """An index and the names of what is in it."""

    index: FingerprintIndex
    names: dict[int, str]

    def add(self, name: str, path: Path) -> None:
        """Put a file in."""
        printed = print_of(path).fingerprint
        if printed is not None:
            number = len(self.names) + 1
            self.names[number] = name
            self.index.add(number, printed)

    def ask(self, path: Path) -> list[tuple[str, Match]]:
        """Every match, the closest first."""
        printed = print_of(path).fingerprint
        found = [] if printed is None else self.index.find(printed, effort="everything").matches
        return [(self.names[match.track_id], match) for match in found]


def main() -> int:
    """Make, index, ask, print."""
    options = _options()
    tracks = _tracks(options.split)
    make_prints([track.path for track in tracks], options.workers)
    families_ = {"a": _segments, "b": _mixes, "c": _copies, "d": _closest}
    for name in options.families:
        families_[name](tracks, options)
    return 0


def _tracks(split: str) -> list[CorpusTrack]:
    others = {"tuning": ["training"], "test": ["training", "tuning"]}[split]
    return [track for name in (split, *others) for track in corpus.tracks(name)]


def _catalog(tracks: Sequence[CorpusTrack]) -> Catalog:
    catalog = Catalog(FingerprintIndex(), {})
    for track in tracks:
        catalog.add(track.name, track.path)
    return catalog


def _told(found: list[tuple[str, Match]]) -> list[Told]:
    return [
        Told(name, s.query_start_s, s.query_end_s, s.reference_start_s, s.reference_end_s)
        for name, match in found
        for s in match.segments
    ]


def _asked(label: str, catalog: Catalog, queries: list[NamedQuery]) -> None:
    make_prints([query.path for query in queries], 1)
    began, answers = time.process_time(), []
    for query in queries:
        answers.append(_told(catalog.ask(query.path)))
        for one in judge.lost(query.truth, answers[-1]):
            print(f"  lost in {query.name}: {one.track} at {one.query_start_s:.0f} s {one.altered}")
        for other in judge.invented(query.truth, answers[-1]):
            print(f"  invented in {query.name}: {other.track} at {other.query_start_s:.0f} s")
    minutes = sum(max((one.query_end_s for one in query.truth), default=0.0) for query in queries) / 60
    cost = (time.process_time() - began) / max(minutes, 1e-6)
    print(
        f"{label}: {judge.judged([query.truth for query in queries], answers).line()}; {cost:.2f} CPU s a minute",
        flush=True,
    )


def _segments(tracks: list[CorpusTrack], options: argparse.Namespace) -> None:
    catalog = _catalog(tracks)
    usable = [track for track in tracks if track.duration_s > 30]
    for level, most in (QUICK_CHUNKS if options.quick else CHUNKS).items():
        chunks = min(most, options.chunks or most)
        _asked(f"A, {level}", catalog, list(families.segments(usable, level, chunks, options.split)))


def _mixes(tracks: list[CorpusTrack], options: argparse.Namespace) -> None:
    catalog = _catalog(tracks)
    for query in families.mixes(tracks, options.split):
        _asked(f"B, {query.name}", catalog, [query])
        if options.quick:
            return
    _asked("B, a row of 40", catalog, [families.row(tracks, options.split)])


def _copies(tracks: list[CorpusTrack], options: argparse.Namespace) -> None:
    for count in COPIES[:1] if options.quick else COPIES:
        catalog = _catalog(tracks[:20])
        track = tracks[0]
        queries = families.copies(track, count, options.split)
        for query in queries:
            catalog.add(query.name, query.path)
        began = time.process_time()
        found = {name for name, _ in catalog.ask(track.path)}
        named = sum(query.name in found for query in queries)
        print(f"C: {named} of {count} copies named, {time.process_time() - began:.1f} CPU s", flush=True)


def _closest(tracks: list[CorpusTrack], options: argparse.Namespace) -> None:
    songs = [track for track in tracks if 60 < track.duration_s < 240][: 2 if options.quick else SONGS]
    catalog = _catalog(tracks)
    mix, compilation = families.mix_of(songs, f"{options.split}-d"), families.compilation(songs, options.split)
    catalog.add("the mix", mix.path)
    catalog.add("the compilation", compilation.path)
    wrong = asked = 0
    for song in songs:
        for query in families.encoded(song, options.split):
            found = catalog.ask(query.path)
            asked += 1
            if not found or found[0][0] in ("the mix", "the compilation"):
                wrong += 1
                print(f"  wrong for {query.name}: {found[0][0] if found else 'nothing'}")
    print(f"D: another than the closest named for {wrong} of {asked} copies", flush=True)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench.naming", description=__doc__)
    parser.add_argument("--families", nargs="+", default=["a", "b", "c", "d"], choices=["a", "b", "c", "d"])
    parser.add_argument("--split", default="tuning", choices=["tuning", "test"])
    parser.add_argument("--chunks", type=int, help="of protocol A, at most")
    parser.add_argument("--workers", type=int, default=2)
    options = parser.parse_args()
    options.quick = bool(os.environ.get("QUICK"))
    return options


if __name__ == "__main__":
    sys.exit(main())
