"""From a guess to the line (offset, tempo, pitch) on which query and reference agree best."""

from dataclasses import replace

import numpy as np

from catalog.engine.alignment.agreement import TRACK_REACH_S, agreement, along_line, around, peak
from catalog.engine.alignment.comparison import Comparison
from catalog.engine.alignment.line import HOP_S, STEP_S, Line, evenly, weighted_line
from catalog.engine.features.embedding import embed
from catalog.engine.features.patches import PATCH_SPAN_COLUMNS, centres, cut
from catalog.engine.features.query import Query
from catalog.engine.features.spectrogram import Floats

LOCAL_S = 8.0  # to each side of the anchor: what the first, local fit looks at
LOCAL_PLACES = 36
REACH_S = 0.8  # how far from the voted offset the first fit looks
BLOCK_S = 4.0  # stretches that are placed as one when the path is followed …
MOST_BLOCKS = 32  # … and how many: spread over an hour they place a line as well as all would
MOST_CORRECTION = 0.012  # of the tempo, by following: the local fit is nearer than this
TEMPO_STEPS = ((-0.06, -0.045, -0.03, -0.015, 0.0, 0.015, 0.03, 0.045, 0.06), (-0.0075, 0.0, 0.0075))
MOST_MOVES = 6  # of the coarse grid
PROMISING = 0.08  # agreement on the coarse grid under which nothing comes of a candidate
PITCH_STEPS = ((-0.5, 0.0, 0.5), (-0.25, 0.0, 0.25))
AT_EDGE = 0.99  # of the grid's reach, from which its best lies on the edge: one for all but rounding
GROWTH = 2.5  # how many times as far each next round of ``follow`` looks
FEWEST_PLACES = 4  # of the query, a STEP_S apart: with fewer no line is fitted again
FEWEST_BLOCKS = 5  # that a short query is cut into: blocks get shorter than BLOCK_S for it
FITS = 3  # least squares, then twice without what lies off the line
OFF_LINE_S = 0.12  # off the line by more: a block that found another beat …
OFF_LINE_WEIGHT = 0.02  # … and what is left of its weight


def fit(pair: Comparison, line: Line, anchor_s: float) -> tuple[Line, float]:
    """The best line near a guess, and its mean agreement (0 … 1) around the query's ``anchor_s`` (s).

    A coarse grid of tempos and pitches is tried, then a fine one. The coarse grid moves on while its best lies on its
    edge: a copy that is 10 % faster often votes as if it were 6 %. What agrees nowhere on it is not refined.
    """
    value = 0.0
    for _ in range(MOST_MOVES):
        before = line
        line, value = _best_of(pair, before, anchor_s, TEMPO_STEPS[0], PITCH_STEPS[0])
        if value < PROMISING or not _on_edge(before, line):
            break
    if value < PROMISING:
        return line, value
    return _best_of(pair, line, anchor_s, TEMPO_STEPS[1], PITCH_STEPS[1])


def _on_edge(before: Line, after: Line) -> bool:
    tempo_reach = before.tempo_ratio * TEMPO_STEPS[0][-1]
    return (
        abs(after.tempo_ratio - before.tempo_ratio) > AT_EDGE * tempo_reach
        or abs(after.pitch_semitones - before.pitch_semitones) > AT_EDGE * PITCH_STEPS[0][-1]
    )


def _best_of(
    pair: Comparison,
    line: Line,
    anchor_s: float,
    tempo_steps: tuple[float, ...],
    pitch_steps: tuple[float, ...],
) -> tuple[Line, float]:
    """The best of all combinations of steps, each at its best offset."""
    meeting_s = line.reference_s(anchor_s)
    tempos = line.tempo_ratio * (1 + np.array(tempo_steps, np.float32))
    local_s = _local_places_s(pair.query, line, anchor_s)
    places = np.tile(local_s / HOP_S, len(tempos)).astype(np.float32)
    ratio = np.repeat(tempos, len(local_s)).astype(np.float32)
    on_line = (meeting_s - anchor_s * ratio) / HOP_S + places * ratio
    nearby = around(pair.reference, on_line, REACH_S)
    best, best_line = -np.inf, line
    for pitch_step in pitch_steps:
        pitch = line.pitch_semitones + pitch_step
        moved = embed(cut(pair.query.moved(pitch), places, ratio), places)
        agreed = agreement(moved, nearby).reshape(len(tempos), len(local_s), -1)
        for tempo, values in zip(tempos.tolist(), agreed.mean(axis=1), strict=True):
            value, moved_s = peak(values, REACH_S)
            if value > best:
                best, best_line = value, Line(meeting_s - anchor_s * tempo + moved_s, tempo, pitch)
    return best_line, float(best)


def _local_places_s(query: Query, line: Line, anchor_s: float) -> Floats:
    """Query times around the anchor, where whole patches fit."""
    margin = PATCH_SPAN_COLUMNS / 2 / line.tempo_ratio * HOP_S
    last = query.columns * HOP_S - margin
    first_s, last_s = max(anchor_s - LOCAL_S, margin), min(anchor_s + LOCAL_S, last)
    places: Floats = np.linspace(first_s, max(last_s, first_s + HOP_S), LOCAL_PLACES).astype(np.float32)
    return places


def follow(pair: Comparison, line: Line, anchor_s: float) -> Line:
    """The line fitted again to the query, from ``anchor_s`` (s) outwards in growing spans until all of it is in."""
    reach_s = 2 * LOCAL_S
    while True:
        line = refit(pair, line, anchor_s, reach_s)
        if reach_s > pair.query.columns * HOP_S:
            return line
        reach_s *= GROWTH


def refit(pair: Comparison, line: Line, anchor_s: float, reach_s: float) -> Line:
    """A weighted straight line through the best offsets of the blocks within ``reach_s`` seconds of ``anchor_s`` (s).

    The line stays as it is where there are too few blocks, or where they ask for too large a change of tempo.
    """
    places = centres(pair.query.columns, STEP_S / HOP_S, line.tempo_ratio)
    places = places[np.abs(places * HOP_S - anchor_s) <= reach_s]
    if len(places) < FEWEST_PLACES:
        return line
    size = max(2, round(min(BLOCK_S, len(places) * STEP_S / FEWEST_BLOCKS) / STEP_S))
    starts = np.arange(0, len(places) - size + 1, size)
    starts = starts[evenly(len(starts), MOST_BLOCKS)]
    places = places[starts[:, None] + np.arange(size)]
    blocks = along_line(pair, line, places, TRACK_REACH_S)
    tops = [peak(block, TRACK_REACH_S) for block in blocks]
    weight = np.maximum([value for value, _ in tops], 0.0) ** 2
    moved = np.array([shift for _, shift in tops])
    time_s = places.mean(axis=1) * HOP_S
    if np.count_nonzero(weight) < 2:
        return line
    for _ in range(FITS):
        slope, shift = weighted_line(time_s, moved, weight)
        off_line = np.abs(moved - shift - slope * time_s) > OFF_LINE_S
        weight = np.where(off_line, OFF_LINE_WEIGHT * weight, weight)
    if abs(slope) > MOST_CORRECTION * line.tempo_ratio:  # two pieces of an edit, not one line
        return line
    return replace(line, offset_s=line.offset_s + shift, tempo_ratio=line.tempo_ratio + slope)
