"""Along a fitted line: which seconds agree, and how much more than chance."""

from dataclasses import dataclass

import numpy as np

from catalog.engine import evidence
from catalog.engine.alignment import HOP_S, STEP_S, Line, Reference
from catalog.engine.patches import HALVES, centres
from catalog.engine.query import Query
from catalog.engine.significance import Chance, chance_of
from catalog.engine.spectrogram import Floats

CHANCE_REACH_S = 3.0  # nearer to the line than this, other diagonals are not chance
MAX_CHANCE_PLACES = 240  # of the query: a minute's worth is enough to know chance
SMALLEST_GAIN = 6.0  # nats a stretch must add to be a segment of its own
DROP = 12.0  # nats a stretch may lose on the way before it is cut in two


@dataclass(frozen=True)
class Stretch:
    """Places first … last (inclusive) of the path, and their evidence."""

    first: int
    last: int
    evidence: float


@dataclass(frozen=True)
class Path:
    """A line's agreement: ``places_s`` (n,) query times, ``similarity`` (n,), ``evidence`` (n,) nats."""

    line: Line
    places_s: Floats
    similarity: Floats
    evidence: Floats
    stretches: tuple[Stretch, ...]

    @property
    def best_evidence(self) -> float:
        """Of the best single stretch."""
        return max((stretch.evidence for stretch in self.stretches), default=0.0)


def along(query: Query, reference: Reference, line: Line) -> Path:
    """The agreement along ``line`` for the whole query, every ``STEP_S`` of it."""
    places = centres(query.columns, STEP_S / HOP_S, line.tempo_ratio)
    moved = query.at(line.probe, places)
    target = (line.offset_s / HOP_S + places * line.tempo_ratio).astype(np.float32)
    near = reference.between(target)
    gain = np.zeros(len(places), np.float32)
    similar = np.zeros(len(places), np.float32)
    both = moved.heard & near.heard
    for half in range(HALVES):
        cosine = np.einsum("pd,pd->p", moved.values[:, half], near.values[:, half])
        gain += np.where(both[:, half], evidence.of_similarity(cosine, half), 0.0)
        similar += np.where(both[:, half], cosine, 0.0) / HALVES
    return Path(line, places * HOP_S, similar, gain, tuple(_stretches(gain)))


def _stretches(gain: Floats) -> list[Stretch]:
    """Maximal-scoring stretches: grown while the running sum stays within ``DROP`` of its best (as in BLAST)."""
    found: list[Stretch] = []
    start, total, best, best_at = 0, 0.0, 0.0, -1
    for i, value in enumerate(gain.tolist()):
        total += value
        if total > best:
            best, best_at = total, i
        elif total <= 0 or total < best - DROP:
            if best >= SMALLEST_GAIN:
                found.append(Stretch(start, best_at, best))
            start, total, best, best_at = i + 1, 0.0, 0.0, -1
    if best >= SMALLEST_GAIN:
        found.append(Stretch(start, best_at, best))
    return found


def chance(query: Query, reference: Reference, line: Line, places_s: tuple[float, float]) -> Chance:
    """How the same stretch of the query scores elsewhere in the same reference, where it does not belong."""
    step = STEP_S * line.tempo_ratio
    places = centres(query.columns, STEP_S / HOP_S, line.tempo_ratio)
    inside = (places * HOP_S >= places_s[0]) & (places * HOP_S <= places_s[1])
    places = places[inside]
    if len(places) > MAX_CHANCE_PLACES:
        places = places[(len(places) - MAX_CHANCE_PLACES) // 2 :][:MAX_CHANCE_PLACES]
    moved = query.at(line.probe, places)
    grid = np.arange(0, reference.columns, step / HOP_S, dtype=np.float32)
    target = reference.at(grid)
    gains = np.zeros((len(places), len(grid)), np.float32)
    for half in range(HALVES):
        gain = evidence.of_similarity(moved.values[:, half] @ target.values[:, half].T, half)
        gains += np.where(moved.heard[:, half, None] & target.heard[None, :, half], gain, 0.0)
    on_line = line.offset_s / HOP_S + places[:1] * line.tempo_ratio
    return chance_of(gains, round(float(on_line[0]) * HOP_S / step), round(CHANCE_REACH_S / step))
