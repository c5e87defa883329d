"""Index the references, ask every query, compare each answer with the truth."""

import json
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass, fields
from functools import cache
from pathlib import Path

from bench.corpus import CACHE, CorpusTrack
from bench.prints import ENGINE_DIGEST, print_of
from bench.progress import counted
from bench.queries import Query, indexed_tracks
from bench.relatives import same_recording
from catalog.engine import FingerprintIndex

SHOWN = 10


@dataclass(frozen=True)
class Row:
    """One query's outcome. Errors are reached minus true; they are None where the right track was not reported."""

    key: str
    family: str
    alteration: str
    value: float
    length: str
    track: str
    reported: str
    verdict: str
    is_duplicate: bool
    rank: int  # of the right track among all candidates, weak ones too; 0: not among them
    right_score: float  # 0 where the right track is not among the candidates
    wrong_score: float
    false_accept_probability: float
    wrongly_reported: int  # how many other tracks were reported
    offset_error_s: float | None
    tempo_error: float | None
    pitch_error: float | None
    query_coverage_error: float | None
    reference_coverage_error: float | None
    analysis_cpu_s: float
    search_cpu_s: float

    @property
    def positive(self) -> bool:
        """Whether a reference is inside."""
        return bool(self.track)

    @property
    def found(self) -> bool:
        """The right track, or a relative, reported; as a duplicate, unless it is a short part of a mix or a collage."""
        loose = self.family in {"mix", "edit"}
        return self.positive and same_recording(self.reported, self.track) and (loose or self.is_duplicate)


COLUMNS = [field.name for field in fields(Row)]


def run(queries: list[Query], split: str, *, distractors: bool, workers: int) -> list[Row]:
    """A row for each query; every worker holds its own index.

    Answers are kept as they come, so that an interrupted run of the same engine goes on where it stopped.
    """
    kept = CACHE / "answers" / f"{split}-{ENGINE_DIGEST}-{len(indexed_tracks(split, distractors=distractors))}.jsonl"
    kept.parent.mkdir(parents=True, exist_ok=True)
    rows = {row.key: row for row in (Row(**json.loads(line)) for line in _lines(kept))}
    asked = [query for query in queries if query.key not in rows]
    if asked:
        chunk = max(1, min(8, len(asked) // (4 * workers)))
        with (
            ProcessPoolExecutor(workers, initializer=_load, initargs=(split, distractors)) as pool,
            kept.open("a") as out,
        ):
            jobs = pool.map(_ask, asked, [split] * len(asked), [distractors] * len(asked), chunksize=chunk)
            for row in counted(jobs, len(asked), "asked"):
                rows[row.key] = row
                out.write(json.dumps(asdict(row)) + "\n")
                out.flush()
    return [rows[query.key] for query in queries]


def _lines(path: Path) -> list[str]:
    return path.read_text().splitlines() if path.exists() else []


@cache
def _load(split: str, distractors: bool) -> tuple[FingerprintIndex, dict[int, CorpusTrack]]:  # noqa: FBT001
    index = FingerprintIndex()
    by_id = dict(enumerate(indexed_tracks(split, distractors=distractors), 1))
    for track_id, track in by_id.items():
        printed = print_of(track.path).fingerprint
        if printed is not None:
            index.add(track_id, printed)
    return index, by_id


def _ask(query: Query, split: str, distractors: bool) -> Row:  # noqa: FBT001
    index, by_id = _load(split, distractors)
    printed = print_of(query.path)
    before = time.process_time()
    found = [] if printed.fingerprint is None else index.search(printed.fingerprint, limit=SHOWN, include_weak=True)
    search_cpu_s = time.process_time() - before
    names = [by_id[match.track_id].name for match in found]
    reported = [(name, m) for name, m in zip(names, found, strict=True) if m.verdict != "none"]
    right = next((m for name, m in zip(names, found, strict=True) if name == query.track), None)
    wrong = [m for name, m in zip(names, found, strict=True) if not same_recording(name, query.track or "")]
    top = reported[0] if reported else None
    errors = _errors(query, right, by_id) if right is not None and right.verdict != "none" else (None,) * 5
    return Row(
        query.key,
        query.family,
        query.alteration,
        query.value,
        query.length,
        query.track or "",
        top[0] if top else "",
        top[1].verdict if top else "none",
        bool(top and top[1].is_duplicate),
        names.index(query.track) + 1 if right is not None and query.track else 0,
        float(right.score) if right is not None else 0.0,
        max((float(m.score) for m in wrong), default=0.0),
        float(top[1].false_accept_probability) if top else 1.0,
        sum(not same_recording(name, query.track or "") for name, _ in reported),
        *errors,
        printed.cpu_s,
        search_cpu_s,
    )


def _errors(query: Query, match: object, by_id: dict[int, CorpusTrack]) -> tuple[float | None, ...]:
    truth = query.truth()
    spans, tempo = truth["spans"], truth["tempo"]
    candidates = []
    for span in spans:
        # where the match's line says the reference is when this span starts, against where it is
        told = match.offset_s + match.tempo_ratio * span["query_start_s"]
        candidates.append(told - span["reference_start_s"])
    offset_error = min(candidates, key=abs)
    duration = next(track.duration_s for track in by_id.values() if track.name == query.track)
    heard = sum(span["query_end_s"] - span["query_start_s"] for span in spans)
    covered = _union([(s["reference_start_s"], (s["query_end_s"] - s["query_start_s"]) * tempo) for s in spans])
    return (
        offset_error,
        match.tempo_ratio / tempo - 1,
        match.pitch_semitones - truth["pitch"],
        match.query_coverage - heard / truth["duration_s"],
        match.reference_coverage - min(1.0, covered / duration),
    )


def _union(intervals: list[tuple[float, float]]) -> float:
    total, until = 0.0, float("-inf")
    for start, length in sorted(intervals):
        total += max(0.0, start + length - max(start, until))
        until = max(until, start + length)
    return total
