"""A candidate → the line (offset, tempo, pitch) on which query and reference agree best."""

from dataclasses import dataclass, replace

import numpy as np

from catalog.engine.features.embedding import DIMENSIONS, Vectors, embed
from catalog.engine.features.patches import HALVES, centres, cut, move_rows
from catalog.engine.features.query import Probe, Query
from catalog.engine.features.spectrogram import Floats
from catalog.engine.parameters import PARAMETERS
from catalog.engine.search.candidates import Candidate

HOP_S = PARAMETERS.hop_s
BLOCK_COLUMNS = 128  # 8 s: what is embedded at once
LOCAL_S = 8.0  # to each side of the anchor: what the first, local fit looks at
LOCAL_PLACES = 36
REACH_S = 0.8  # how far from the voted offset the first fit looks
TRACK_REACH_S = 0.5  # how far from the line the following of the path looks
BLOCK_S = 4.0  # stretches that are placed as one when the path is followed …
MOST_BLOCKS = 32  # … and how many: spread over an hour they place a line as well as all would
MOST_CORRECTION = 0.012  # of the tempo, by following: the local fit is nearer than this
STEP_S = 0.256  # of the finished path


@dataclass(frozen=True)
class Line:
    """Reference time = ``offset_s`` + query time x ``tempo_ratio``; times are of patch centres, in seconds."""

    offset_s: float
    tempo_ratio: float
    pitch_semitones: float

    @property
    def probe(self) -> Probe:
        """The move that lays the query on the reference."""
        return Probe(self.tempo_ratio, self.pitch_semitones)


class Reference:
    """A reference's picture, embedded at every column, in blocks as they are looked at."""

    def __init__(self, picture: Floats) -> None:
        self.columns = len(picture)
        self.picture = move_rows(picture, 0.0)
        self._values = np.zeros((self.columns, HALVES, DIMENSIONS), np.float32)
        self._heard = np.zeros((self.columns, HALVES), bool)
        self._ready = np.zeros(-(-self.columns // BLOCK_COLUMNS), bool)

    def patches(self, places: Floats) -> Floats:
        """The patches themselves at any columns, between samples too."""
        return cut(self.picture, places)

    def at(self, places: Floats) -> Vectors:
        """Vectors at the columns nearest to ``places``; nothing is heard outside the recording."""
        nearest = np.round(places).astype(np.int64)
        inside = (nearest >= 0) & (nearest < self.columns)
        nearest = np.clip(nearest, 0, self.columns - 1)
        self._embed(nearest)
        return Vectors(self._values[nearest], places, self._heard[nearest] & inside[:, None])

    def _embed(self, columns: np.ndarray) -> None:
        wanted = np.zeros_like(self._ready)
        wanted[columns // BLOCK_COLUMNS] = True
        for block in np.flatnonzero(wanted & ~self._ready).tolist():
            span = slice(block * BLOCK_COLUMNS, min((block + 1) * BLOCK_COLUMNS, self.columns))
            places = np.arange(span.start, span.stop, dtype=np.float32)
            vectors = embed(cut(self.picture, places), places)
            self._values[span], self._heard[span] = vectors.values, vectors.heard
            self._ready[block] = True

    def between(self, places: Floats) -> Vectors:
        """Vectors at ``places``, mixed from the two columns around each: not quite of unit length."""
        lower = np.floor(places)
        part = (places - lower)[:, None, None]
        low, high = self.at(lower), self.at(lower + 1)
        mixed = low.values * (1 - part) + high.values * part
        return Vectors(mixed.astype(np.float32), places, low.heard & high.heard)


TEMPO_STEPS = ((-0.06, -0.045, -0.03, -0.015, 0.0, 0.015, 0.03, 0.045, 0.06), (-0.0075, 0.0, 0.0075))
MOST_MOVES = 6  # of the coarse grid
PROMISING = 0.08  # agreement on the coarse grid under which nothing comes of a candidate
PITCH_STEPS = ((-0.5, 0.0, 0.5), (-0.25, 0.0, 0.25))


def fit(query: Query, reference: Reference, candidate: Candidate) -> tuple[Line, float]:
    """The best line near a candidate and its agreement: a coarse grid around the anchor, then a fine one.

    The coarse grid is moved while its best lies on its edge: a copy 10 % faster often votes as if it were 6 %. What
    agrees nowhere on the coarse grid is not refined.
    """
    line = Line(candidate.offset_s, candidate.probe.tempo_ratio, candidate.probe.pitch_semitones)
    value = 0.0
    for _ in range(MOST_MOVES):
        before = line
        line, value = _best_of(query, reference, before, candidate.anchor_s, TEMPO_STEPS[0], PITCH_STEPS[0])
        if value < PROMISING or not _on_edge(before, line):
            break
    if value < PROMISING:
        return line, value
    return _best_of(query, reference, line, candidate.anchor_s, TEMPO_STEPS[1], PITCH_STEPS[1])


def _on_edge(before: Line, after: Line) -> bool:
    tempo_reach = before.tempo_ratio * TEMPO_STEPS[0][-1]
    return (
        abs(after.tempo_ratio - before.tempo_ratio) > 0.99 * tempo_reach
        or abs(after.pitch_semitones - before.pitch_semitones) > 0.99 * PITCH_STEPS[0][-1]
    )


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
    tempos = line.tempo_ratio * (1 + np.array(tempo_steps, np.float32))
    local_s = _local_places_s(query, line, anchor_s)
    places = np.tile(local_s / HOP_S, len(tempos)).astype(np.float32)
    ratio = np.repeat(tempos, len(local_s)).astype(np.float32)
    on_line = (meeting_s - anchor_s * ratio) / HOP_S + places * ratio
    nearby = around(reference, on_line, REACH_S)
    best, best_line = -np.inf, line
    for pitch_step in pitch_steps:
        pitch = line.pitch_semitones + pitch_step
        moved = embed(cut(query.moved(pitch), places, ratio), places)
        agreed = agreement(moved, nearby).reshape(len(tempos), len(local_s), -1)
        for tempo, values in zip(tempos.tolist(), agreed.mean(axis=1), strict=True):
            value, moved_s = peak(values, REACH_S)
            if value > best:
                best, best_line = value, Line(meeting_s - anchor_s * tempo + moved_s, tempo, pitch)
    return best_line, float(best)


def _local_places_s(query: Query, line: Line, anchor_s: float) -> Floats:
    """Query times around the anchor, where whole patches fit."""
    margin = PARAMETERS.patch_columns * PARAMETERS.patch_step / 2 / line.tempo_ratio * HOP_S
    last = query.columns * HOP_S - margin
    first_s, last_s = max(anchor_s - LOCAL_S, margin), min(anchor_s + LOCAL_S, last)
    places: Floats = np.linspace(first_s, max(last_s, first_s + HOP_S), LOCAL_PLACES).astype(np.float32)
    return places


@dataclass(frozen=True)
class Around:
    """Reference vectors beside a line: ``values`` (HALVES, places, offsets + 1, DIMENSIONS), and where between them."""

    values: Floats
    heard: np.ndarray  # (HALVES, places, offsets)
    part: Floats  # (places, 1)


def around(reference: Reference, on_line: np.ndarray, reach_s: float) -> Around:
    """The reference at columns ``on_line`` and up to ``reach_s`` to each side of them, a hop apart."""
    reach = round(reach_s / HOP_S)
    lower = np.floor(on_line)
    near = reference.at((lower[:, None] + np.arange(-reach, reach + 2)[None, :]).reshape(-1))
    shape = (len(lower), 2 * reach + 2, HALVES)
    values = near.values.reshape(*shape, -1).transpose(2, 0, 1, 3)
    heard = near.heard.reshape(shape)[:, :-1].transpose(2, 0, 1)
    return Around(values, heard, (on_line - lower)[:, None].astype(np.float32))


def agreement(moved: Vectors, near: Around) -> Floats:
    """(places, offsets) agreement of the moved query with the reference around the line.

    Agreement is the squared cosine, where it is positive: it grows to the last, where evidence is long sure.
    """
    total = np.zeros(near.heard.shape[1:], np.float32)
    for half in range(HALVES):
        similar = np.matmul(near.values[half], moved.values[:, half, :, None])[:, :, 0]
        mixed = similar[:, :-1] * (1 - near.part) + similar[:, 1:] * near.part
        known = near.heard[half] & moved.heard[:, half, None]
        total += np.where(known, np.maximum(mixed, 0.0) ** 2, 0.0)
    total /= HALVES
    return total


def along_line(query: Query, reference: Reference, line: Line, places: Floats, reach_s: float) -> Floats:
    """(blocks, offsets) mean agreement around the line, for (blocks, n) ``places`` of the query."""
    flat = places.reshape(-1)
    on_line = line.offset_s / HOP_S + flat * line.tempo_ratio
    agreed = agreement(query.at(line.probe, flat), around(reference, on_line, reach_s))
    means: Floats = agreed.reshape(*places.shape, -1).mean(axis=1)
    return means


def agreement_near(query: Query, reference: Reference, line: Line, places_s: Floats) -> tuple[float, float]:
    """The best mean agreement near ``line`` at the query's ``places_s``, and how far from it (s)."""
    blocks = along_line(query, reference, line, (places_s / np.float32(HOP_S))[None, :], TRACK_REACH_S)
    return peak(blocks[0], TRACK_REACH_S)


def peak(values: Floats, reach_s: float) -> tuple[float, float]:
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
        line = refit(query, reference, line, anchor_s, reach_s)
        if reach_s > query.columns * HOP_S:
            return line
        reach_s *= 2.5


def refit(query: Query, reference: Reference, line: Line, anchor_s: float, reach_s: float) -> Line:
    """A weighted straight line through the best offsets of the blocks within ``reach_s`` of the anchor."""
    places = centres(query.columns, STEP_S / HOP_S, line.tempo_ratio)
    places = places[np.abs(places * HOP_S - anchor_s) <= reach_s]
    if len(places) < 4:
        return line
    size = max(2, round(min(BLOCK_S, len(places) * STEP_S / 5) / STEP_S))
    starts = np.arange(0, len(places) - size + 1, size)
    starts = starts[np.linspace(0, len(starts) - 1, min(len(starts), MOST_BLOCKS)).astype(np.int64)]
    places = places[starts[:, None] + np.arange(size)]
    blocks = along_line(query, reference, line, places, TRACK_REACH_S)
    tops = [peak(block, TRACK_REACH_S) for block in blocks]
    weight = np.maximum([value for value, _ in tops], 0.0) ** 2
    moved = np.array([shift for _, shift in tops])
    time_s = places.mean(axis=1) * HOP_S
    if np.count_nonzero(weight) < 2:
        return line
    for _ in range(3):  # least squares, then twice without what lies off the line
        slope, shift = weighted_line(time_s, moved, weight)
        weight = np.where(np.abs(moved - shift - slope * time_s) > 0.12, 0.02 * weight, weight)
    if abs(slope) > MOST_CORRECTION * line.tempo_ratio:  # two pieces of an edit, not one line
        return line
    return replace(line, offset_s=line.offset_s + shift, tempo_ratio=line.tempo_ratio + slope)


def weighted_line(x: np.ndarray, y: np.ndarray, weight: np.ndarray) -> tuple[float, float]:
    middle = np.average(x, weights=weight)
    spread = np.average((x - middle) ** 2, weights=weight) + 0.05
    slope = float(np.average((x - middle) * y, weights=weight) / spread)
    return slope, float(np.average(y, weights=weight) - slope * middle)
