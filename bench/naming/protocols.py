"""Protocols A to D, silence, and shared material: ask, print what was lost and invented, and give the goals."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np

from bench.corpus import CorpusTrack
from bench.goals import Goal
from bench.naming import copies, goals, judge, mixes, peer, segments, shared, silence
from bench.naming.catalog import Catalog, Heard
from bench.naming.drawing import Draw, NamedQuery
from bench.naming.judge import Score
from bench.prints import make_prints, print_of
from bench.relatives import same_recording
from catalog.engine import Fingerprint

CHUNKS, QUICK_CHUNKS = {"hard": 240, "medium": 160}, {"hard": 12, "medium": 12}
COPIES, QUICK_COPIES = (31, 200), (31,)
SONGS, QUICK_SONGS = 9, 2  # of protocol D
QUICK_CASES = 2
QUICK_ROW = 10
HOUR_MINUTES = 62.0


@dataclass
class Run:
    """What is asked, among which ``references``; ``chunks`` of protocol A at most, where it is given."""

    draw: Draw
    references: tuple[CorpusTrack, ...]
    strangers: tuple[CorpusTrack, ...]  # music of other splits, to fill what nothing is known of
    quick: bool
    chunks: int | None
    workers: int

    @property
    def catalog(self) -> Catalog:
        """All references, indexed once in this process."""
        return _indexed(self.references, self.workers)


Protocol = Callable[[Run], list[Goal]]


@cache
def _indexed(references: tuple[CorpusTrack, ...], workers: int) -> Catalog:
    return Catalog.of(references, workers)


def _asked(label: str, run: Run, queries: list[NamedQuery]) -> tuple[Score, float]:
    """The score, and CPU seconds a minute of query."""
    make_prints([query.path for query in queries], run.workers)
    heard = [run.catalog.ask(query, "everything") for query in queries]
    for query, answer in zip(queries, heard, strict=True):
        for one in judge.lost(query.truth, answer.told):
            print(f"  lost in {query.name}: {one.track} at {one.query_start_s:.0f} s {one.altered}")
        for other in judge.invented(query.truth, answer.told):
            print(f"  invented in {query.name}: {other.track} at {other.query_start_s:.0f} s")
    truths, told = [query.truth for query in queries], [answer.told for answer in heard]
    score = judge.judged(truths, told)
    cpu_s = sum(answer.cpu_s for answer in heard) / max(sum(query.minutes for query in queries), 1e-6)
    kinds = ", ".join(f"{kind} {named}/{asked}" for kind, (named, asked) in judge.by_kind(truths, told).items())
    print(f"{label}: {score.line()}; {cpu_s:.2f} CPU s a minute{_ended(heard)}\n  named by kind: {kinds}", flush=True)
    return score, cpu_s


def _ended(heard: Sequence[Heard]) -> str:
    ended = sum(not one.is_complete for one in heard)
    return f"; the budget ended {ended} of {len(heard)}" if ended else ""


def many_recordings(run: Run) -> list[Goal]:
    """A: chunks of many recordings, altered and noisy; Chromaprint on the same queries."""
    found = []
    for level, most in (QUICK_CHUNKS if run.quick else CHUNKS).items():
        queries = list(segments.segments(run.draw, level, min(most, run.chunks or most)))
        score, _ = _asked(f"A, {level}", run, queries)
        print(peer.line(run.references, queries), flush=True)
        found += goals.segments(level, score, quick=run.quick)
    return found


def dj_mixes(run: Run) -> list[Goal]:
    """B: DJ mixes, many short excerpts in a row, and an hour with one known recording of a minute."""
    asked = list(mixes.mixes(run.draw))[: 1 if run.quick else None]
    score, cpu_s = _asked("B, mixes", run, asked)
    found = goals.mixes("mixes", score, cpu_s)
    row = mixes.row(run.draw, QUICK_ROW if run.quick else mixes.ROW_TRACKS)
    score, cpu_s = _asked(f"B, {row.name}", run, [row])
    return found + goals.mixes("excerpts in a row", score, cpu_s) + ([] if run.quick else _hour(run))


def _hour(run: Run) -> list[Goal]:
    """The only known recording among an hour of unknown music; the hour is joined from fingerprints."""
    catalog, query, name = one_known_minute(run, HOUR_MINUTES)
    heard, minutes = catalog.ask(query), query.duration_s / 60
    named = [found for found, _ in heard.copies]
    cost = f"{heard.cpu_s:.0f} CPU s{_ended([heard])}"
    print(f"B, {minutes:.0f} minutes with one known minute: {len(named)} named, {cost}", flush=True)
    return [
        goals.every("B, an hour with one known minute: named", int(named == [name]), 1),
        goals.cost("B, the hour: CPU a minute of query", heard.cpu_s / minutes, goals.BUDGET_CPU_S_A_MINUTE),
    ]


def one_known_minute(run: Run, minutes: float) -> tuple[Catalog, Fingerprint, str]:
    """A catalog of one recording of 61 s, so much unknown music with it in the middle, and the recording's name."""
    short = mixes.short_reference(run.draw)
    known = print_of(short.path).fingerprint
    if known is None:
        raise SystemExit(f"{short.name} was refused")
    catalog = Catalog()
    catalog.add(short.name, known)
    music = [track for track in run.strangers if not same_recording(track.name, short.truth[0].track)]
    parts = enough(prints_of(music), minutes - known.duration_s / 60)
    middle = len(parts) // 2
    return catalog, joined_prints([*parts[:middle], known, *parts[middle:]]), short.name


def enough(prints: Iterator[Fingerprint], minutes: float) -> list[Fingerprint]:
    """The first so many minutes; all where there are fewer."""
    found, seconds = [], 0.0
    for printed in prints:
        if seconds >= minutes * 60:
            break
        found.append(printed)
        seconds += printed.duration_s
    return found


def prints_of(tracks: Iterable[CorpusTrack]) -> Iterator[Fingerprint]:
    """The fingerprints of those that have one."""
    for track in tracks:
        printed = print_of(track.path).fingerprint
        if printed is not None:
            yield printed


def joined_prints(prints: Sequence[Fingerprint]) -> Fingerprint:
    """Their recordings in a row, as if the audio had been joined; levels begin anew with each."""
    levels = np.concatenate([one.levels for one in prints])
    return Fingerprint(np.ascontiguousarray(levels), sum(one.duration_s for one in prints))


def copied(run: Run) -> tuple[CorpusTrack, list[CorpusTrack]]:
    """The recording that protocol C copies, and what else is in its catalog."""
    first, *others = run.draw.chosen("copied", copies.COPY_S, 240.0)
    return first, others[:20]


def many_copies(run: Run) -> list[Goal]:
    """C: copies of one recording in the catalog."""
    first, others = copied(run)
    found = []
    for count in QUICK_COPIES if run.quick else COPIES:
        catalog = Catalog.of(others, run.workers)
        held = copies.copies(run.draw, first, count)
        with catalog.holding({query.name: query.path for query in held}):
            heard = catalog.ask(NamedQuery(first.name, first.path, ()))
        named = {name for name, _ in heard.copies}
        reached, others_named = sum(query.name in named for query in held), named - {query.name for query in held}
        print(f"C: {reached} of {count} copies named, {heard.cpu_s:.1f} CPU s{_ended([heard])}", flush=True)
        found.append(goals.every(f"C: {count} copies named", reached, count))
        found.append(goals.none("C: others named", len(others_named), len(named)))
    return found


def closest_first(run: Run) -> list[Goal]:
    """D: a song, its DJ mix and its compilation in the catalog; the song, encoded anew, is asked."""
    songs = run.draw.chosen("songs", 60.0, 240.0)[: QUICK_SONGS if run.quick else SONGS]
    held = {
        "the mix": copies.mix_of(run.draw, songs).path,
        "the compilation": copies.compilation(run.draw, songs).path,
    }
    wrong, heard = 0, []
    with run.catalog.holding(held):
        for song in songs:
            for query in copies.encoded(run.draw, song):
                heard.append(run.catalog.ask(query))
                first = heard[-1].copies[0] if heard[-1].copies else ("nothing", None)
                if not same_recording(first[0], song.name) or first[1] is None or not first[1].is_duplicate:
                    wrong += 1
                    print(f"  wrong for {query.name}: {first[0]}")
    cpu_s = float(np.median([one.cpu_s for one in heard]))
    print(
        f"D: another than the closest for {wrong} of {len(heard)}, median {cpu_s:.1f} CPU s{_ended(heard)}", flush=True
    )
    return [goals.none("D: another than the closest named first", wrong, len(heard))]


def silence_and_tones(run: Run) -> list[Goal]:
    """Excerpts between silence are duplicates; steady tones, hum, DC and silence match nothing, not even their like."""
    queries = silence.padded(run.draw, QUICK_CASES if run.quick else silence.PADDED)
    right = 0
    for query in queries:
        found = run.catalog.ask(query).copies
        is_right = bool(found) and same_recording(found[0][0], query.truth[0].track) and found[0][1].is_duplicate
        right += is_right
        if not is_right:
            print(f"  not a duplicate: {query.name}, {query.truth[0].track}")
    held = {f"{kind} held": silence.steady(run.draw, kind, silence.HELD_S).path for kind in silence.STEADY}
    matched = []
    with run.catalog.holding(held):
        for kind in silence.STEADY:
            matched += [(kind, name) for name, _ in run.catalog.ask(silence.steady(run.draw, kind, 30.0)).matches]
    for kind, name in matched:
        print(f"  {kind} matched {name}")
    return [
        goals.every("S: excerpts between silence that are duplicates", right, len(queries)),
        goals.none("S: matches of steady tones, hum, DC, silence", len(matched), len(silence.STEADY)),
    ]


def shared_material(run: Run) -> list[Goal]:
    """F: a jingle or drum loop under different music is shared, and never makes a duplicate."""
    cases = shared.shared(run.draw, QUICK_CASES if run.quick else shared.CASES)
    duplicates, told, asked = 0, Counter[str](), Counter[str]()
    for case in cases:
        with run.catalog.holding({case.held.name: case.held.path}):
            found = dict(run.catalog.ask(case.asked).copies).get(case.held.name)
        relation = found.relation if found is not None else "nothing"
        asked[case.kind] += 1
        told[f"{case.kind}: {relation}"] += 1
        if found is not None and found.is_duplicate:
            duplicates += 1
            print(f"  duplicate: {case.asked.name} and {case.held.name}")
    print("F, shared: " + ", ".join(f"{name} {count}" for name, count in sorted(told.items())), flush=True)
    heard_alone = [kind for kind in asked if kind != "loop under it"]
    overlaps = sum(told[f"{kind}: overlap"] for kind in heard_alone)
    return [
        goals.none("F: shared material that makes a duplicate", duplicates, len(cases)),
        goals.every("F: what is heard alone is told as overlap", overlaps, sum(asked[kind] for kind in heard_alone)),
    ]
