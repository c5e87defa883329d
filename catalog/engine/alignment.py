"""A candidate → the line (offset, tempo, pitch) on which query and reference agree best."""

from dataclasses import dataclass, replace

import numpy as np

from catalog.engine import evidence
from catalog.engine.embedding import Vectors, embed
from catalog.engine.params import PARAMETERS
from catalog.engine.patches import HALVES, centres, cut
from catalog.engine.query import Probe, Query
from catalog.engine.spectrogram import Floats
from catalog.engine.voting import Candidate

HOP_S = PARAMETERS.hop_s
LOCAL_S = 8.0  # to each side of the anchor: what the first, local fit looks at
LOCAL_PLACES = 48
REACH_S = 0.8  # how far from the voted offset the first fit looks
TRACK_REACH_S = 0.5  # how far from the line the following of the path looks
BLOCK_S = 4.0  # stretches that are placed as one when the path is followed
STEP_S = 0.256  # of the finished path


@dataclass(frozen=True)
class Line:
    """Reference time = ``offset_s`` + query time × ``tempo_ratio``; times are of patch centres, in seconds."""

    offset_s: float
    tempo_ratio: float
    pitch_semitones: float

    @property
    def probe(self) -> Probe:
        """The move that lays the query on the reference."""
        return Probe(self.tempo_ratio, self.pitch_semitones)


class Reference:
    """A reference's picture, embedded once at every column."""

    def __init__(self, picture: Floats) -> None:
        self.columns = len(picture)
        places = np.arange(self.columns, dtype=np.float32)
        self._dense = embed(cut(picture, places), places)

    def at(self, places: Floats) -> Vectors:
        """Vectors at the columns nearest to ``places``; nothing is heard outside the recording."""
        nearest = np.round(places).astype(np.int64)
        inside = (nearest >= 0) & (nearest < self.columns)
        nearest = np.clip(nearest, 0, self.columns - 1)
        return Vectors(self._dense.values[nearest], places, self._dense.heard[nearest] & inside[:, None])

    def between(self, places: Floats) -> Vectors:
        """Vectors at ``places``, mixed from the two columns around each: not quite of unit length."""
        lower = np.floor(places)
        part = (places - lower)[:, None, None]
        low, high = self.at(lower), self.at(lower + 1)
        mixed = low.values * (1 - part) + high.values * part
        return Vectors(mixed.astype(np.float32), places, low.heard & high.heard)


def fit(query: Query, reference: Reference, candidate: Candidate) -> tuple[Line, float]:
    """The best line near a candidate and its mean evidence a place, by two rounds of a small grid around the anchor."""
    line = Line(candidate.offset_s, candidate.probe.tempo_ratio, candidate.probe.pitch_semitones)
    anchor_s = candidate.anchor_s
    tempo_steps, pitch_steps = (-0.045, -0.03, -0.015, 0.0, 0.015, 0.03, 0.045), (-0.5, 0.0, 0.5)
    line, _ = _best_of(query, reference, line, anchor_s, tempo_steps, pitch_steps)
    line, _ = _best_of(query, reference, line, anchor_s, (-0.0075, 0.0, 0.0075), (-0.25, 0.0, 0.25))
    return _best_of(query, reference, line, anchor_s, (0.0,), (-0.12, 0.0, 0.12))


def _best_of(
    query: Query,
    reference: Reference,
    line: Line,
    anchor_s: float,
    tempo_steps: tuple[float, ...],
    pitch_steps: tuple[float, ...],
) -> tuple[Line, float]:
    """The best of all combinations of steps, each at its best offset."""
    meeting_s = line.offset_s + anchor_s * line.tempo_ratio
    best, best_line = -np.inf, line
    for tempo_step in tempo_steps:
        for pitch_step in pitch_steps:
            tempo = line.tempo_ratio * (1 + tempo_step)
            tried = replace(line, tempo_ratio=tempo, pitch_semitones=line.pitch_semitones + pitch_step)
            tried = replace(tried, offset_s=meeting_s - anchor_s * tempo)
            value, moved_s = _local(query, reference, tried, anchor_s)
            if value > best:
                best, best_line = value, replace(tried, offset_s=tried.offset_s + moved_s)
    return best_line, float(best)


def _local(query: Query, reference: Reference, line: Line, anchor_s: float) -> tuple[float, float]:
    """The most mean evidence around the anchor over offsets near the line's, and how far from it that is (s)."""
    margin = PARAMETERS.patch_columns * PARAMETERS.patch_step / 2 / line.tempo_ratio * HOP_S
    last = query.columns * HOP_S - margin
    first_s, last_s = max(anchor_s - LOCAL_S, margin), min(anchor_s + LOCAL_S, last)
    places_s = np.linspace(first_s, max(last_s, first_s + HOP_S), LOCAL_PLACES, dtype=np.float32)
    moved = query.at(line.probe, places_s / HOP_S)
    band = _band(moved, reference, line, REACH_S)
    return _peak(band.mean(axis=0), REACH_S)


def _band(moved: Vectors, reference: Reference, line: Line, reach_s: float) -> Floats:
    """(places, offsets) evidence along the line and up to ``reach_s`` beside it, a hop apart."""
    reach = round(reach_s / HOP_S)
    on_line = line.offset_s / HOP_S + moved.places * line.tempo_ratio
    lower = np.floor(on_line)
    part = (on_line - lower)[:, None].astype(np.float32)
    near = reference.at((lower[:, None] + np.arange(-reach, reach + 2)[None, :]).reshape(-1))
    values = near.values.reshape(len(lower), 2 * reach + 2, HALVES, -1)
    heard = near.heard.reshape(len(lower), 2 * reach + 2, HALVES)[:, :-1]
    total = np.zeros((len(lower), 2 * reach + 1), np.float32)
    for half in range(HALVES):
        similar = np.matmul(values[:, :, half], moved.values[:, half, :, None])[:, :, 0]
        mixed = similar[:, :-1] * (1 - part) + similar[:, 1:] * part
        known = heard[:, :, half] & moved.heard[:, half, None]
        total += np.where(known, evidence.of_similarity(mixed, half), 0.0)
    return total


def _peak(values: Floats, reach_s: float) -> tuple[float, float]:
    """The highest value and where it is, in seconds from the middle, between samples by a parabola."""
    top = int(np.argmax(values))
    if not 0 < top < len(values) - 1:
        return float(values[top]), top * HOP_S - reach_s
    left, middle, right = (float(values[top + i]) for i in (-1, 0, 1))
    bend = left - 2 * middle + right
    shift = 0.5 * (left - right) / bend if bend < 0 else 0.0
    return middle - 0.25 * (left - right) * shift, (top + shift - round(reach_s / HOP_S)) * HOP_S


def follow(query: Query, reference: Reference, line: Line, anchor_s: float) -> Line:
    """The line fitted again over the whole query, growing outwards from the anchor until nothing more agrees."""
    reach_s = 2 * LOCAL_S
    while True:
        line = _refit(query, reference, line, anchor_s, reach_s)
        if reach_s > query.columns * HOP_S:
            return line
        reach_s *= 2.5


def _refit(query: Query, reference: Reference, line: Line, anchor_s: float, reach_s: float) -> Line:
    """A weighted straight line through the best offsets of the blocks within ``reach_s`` of the anchor."""
    places = centres(query.columns, STEP_S / HOP_S, line.tempo_ratio)
    places = places[np.abs(places * HOP_S - anchor_s) <= reach_s]
    if len(places) < 4:
        return line
    band = _band(query.at(line.probe, places), reference, line, TRACK_REACH_S)
    size = max(2, round(min(BLOCK_S, len(places) * STEP_S / 5) / STEP_S))
    starts = np.arange(0, len(places) - size + 1, size)
    blocks = np.add.reduceat(band, starts, axis=0)[: len(starts)]
    tops = [_peak(block, TRACK_REACH_S) for block in blocks]
    weight = np.maximum([value for value, _ in tops], 0.0) ** 2
    moved = np.array([shift for _, shift in tops])
    time_s = np.array([places[start : start + size].mean() for start in starts]) * HOP_S
    if np.count_nonzero(weight) < 2:
        return line
    for _ in range(3):  # least squares, then twice without what lies off the line
        slope, shift = _weighted_line(time_s, moved, weight)
        weight = np.where(np.abs(moved - shift - slope * time_s) > 0.12, 0.02 * weight, weight)
    return replace(line, offset_s=line.offset_s + shift, tempo_ratio=line.tempo_ratio + slope)


def _weighted_line(x: np.ndarray, y: np.ndarray, weight: np.ndarray) -> tuple[float, float]:
    middle = np.average(x, weights=weight)
    spread = np.average((x - middle) ** 2, weights=weight) + 0.05
    slope = float(np.average((x - middle) * y, weights=weight) / spread)
    return slope, float(np.average(y, weights=weight) - slope * middle)
