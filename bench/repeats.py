"""Where a track repeats itself exactly, no offset is the true one: such offsets are not judged.

Sequenced music plays the same bar many times. A reported offset that is wrong by more than half a second is looked up
in the reference's Chromaprint: when the told place and the true place agree in ``SAME_BITS`` of their bits over the
whole stretch, they are one and the same sound, and the offset error is left out.
"""

from dataclasses import replace

import numpy as np

from bench.chromaprint import FRAME_S, raw_print
from bench.corpus import CorpusTrack, tracks
from bench.queries import Query
from bench.runner import Row

SAME_BITS = 0.90
JITTER_FRAMES = 3
WORTH_A_LOOK_S = 0.5


def without_repeats(rows: list[Row], queries: list[Query], split: str) -> tuple[list[Row], int]:
    """The rows with such offset errors taken out, and how many there were."""
    asked = {query.key: query for query in queries}
    known = {track.name: track for track in tracks(split)}
    judged = [_judged(row, asked[row.key], known) for row in rows]
    return judged, sum(old is not new for old, new in zip(rows, judged, strict=True))


def _judged(row: Row, query: Query, known: dict[str, CorpusTrack]) -> Row:
    error = row.offset_error_s
    if error is None or abs(error) < WORTH_A_LOOK_S:
        return row
    truth = query.truth()
    span = max(truth["spans"], key=lambda s: s["query_end_s"] - s["query_start_s"])
    prints = raw_print(known[row.track].path)
    length = round((span["query_end_s"] - span["query_start_s"]) * truth["tempo"] / FRAME_S)
    true = round(span["reference_start_s"] / FRAME_S)
    told = round((span["reference_start_s"] + error) / FRAME_S)
    best = max(_equal_bits(prints, true, told + shift, length) for shift in range(-JITTER_FRAMES, JITTER_FRAMES + 1))
    return replace(row, offset_error_s=None) if best >= SAME_BITS else row


def _equal_bits(prints: np.ndarray, one: int, other: int, length: int) -> float:
    if min(one, other) < 0:
        return 0.0
    first, second = prints[one : one + length], prints[other : other + length]
    size = min(len(first), len(second))
    if size < 0.8 * length:
        return 0.0
    return 1 - float(np.bitwise_count(first[:size] ^ second[:size]).sum()) / (32 * size)
