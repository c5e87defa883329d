"""How well the learnt vectors of a query and of a reference agree beside a line."""

from dataclasses import dataclass

import numpy as np

from catalog.engine.alignment.comparison import Comparison
from catalog.engine.alignment.line import HOP_S, Line, Reference
from catalog.engine.features.embedding import Vectors
from catalog.engine.features.patches import HALVES
from catalog.engine.features.spectrogram import Floats

TRACK_REACH_S = 0.5  # how far from the line the following of the path looks


@dataclass(frozen=True)
class Around:
    """Reference vectors beside a line: ``values`` (HALVES, places, offsets + 1, DIMENSIONS).

    ``part``: how far the line lies from one column towards the next, 0 … 1.
    """

    values: Floats
    heard: np.ndarray  # (HALVES, places, offsets)
    part: Floats  # (places, 1)


def around(reference: Reference, on_line: np.ndarray, reach_s: float) -> Around:
    """The reference at (n,) columns ``on_line``, and up to ``reach_s`` seconds to each side of them, a column apart."""
    reach = round(reach_s / HOP_S)
    lower = np.floor(on_line)
    near = reference.at((lower[:, None] + np.arange(-reach, reach + 2)[None, :]).reshape(-1))
    shape = (len(lower), 2 * reach + 2, HALVES)
    values = near.values.reshape(*shape, -1).transpose(2, 0, 1, 3)
    heard = near.heard.reshape(shape)[:, :-1].transpose(2, 0, 1)
    return Around(values, heard, (on_line - lower)[:, None].astype(np.float32))


def agreement(moved: Vectors, near: Around) -> Floats:
    """(places, offsets) agreement, 0 … 1, of the moved query with the reference around the line.

    It is the squared cosine, or 0 where the cosine is negative. Unlike evidence it still grows where the two are nearly
    equal, so the best offset stands out.
    """
    total = np.zeros(near.heard.shape[1:], np.float32)
    for half in range(HALVES):
        similar = np.matmul(near.values[half], moved.values[:, half, :, None])[:, :, 0]
        mixed = similar[:, :-1] * (1 - near.part) + similar[:, 1:] * near.part
        known = near.heard[half] & moved.heard[:, half, None]
        total += np.where(known, np.maximum(mixed, 0.0) ** 2, 0.0)
    total /= HALVES
    return total


def along_line(pair: Comparison, line: Line, places: Floats, reach_s: float) -> Floats:
    """(blocks, offsets) mean agreement around the line, for (blocks, n) ``places`` (columns) of the query.

    Offsets are a column apart and reach ``reach_s`` seconds to each side of the line.
    """
    flat = places.reshape(-1)
    agreed = agreement(pair.query.at(line.probe, flat), around(pair.reference, line.columns(flat), reach_s))
    means: Floats = agreed.reshape(*places.shape, -1).mean(axis=1)
    return means


def agreement_near(pair: Comparison, line: Line, places_s: Floats) -> tuple[float, float]:
    """The best mean agreement near ``line`` at the query's (n,) ``places_s``, and by how many seconds it lies later."""
    blocks = along_line(pair, line, (places_s / np.float32(HOP_S))[None, :], TRACK_REACH_S)
    return peak(blocks[0], TRACK_REACH_S)


def peak(values: Floats, reach_s: float) -> tuple[float, float]:
    """The highest of (offsets,) values a column apart, and how many seconds it lies after the middle one.

    A parabola through the highest value and its neighbours gives both between two columns.
    """
    top = int(np.argmax(values))
    if not 0 < top < len(values) - 1:
        return float(values[top]), top * HOP_S - reach_s
    left, middle, right = (float(values[top + i]) for i in (-1, 0, 1))
    shift = vertex(left, middle, right)
    return middle - 0.25 * (left - right) * shift, (top + shift - round(reach_s / HOP_S)) * HOP_S


def vertex(left: float, middle: float, right: float) -> float:
    """How many steps after the middle one of three values, a step apart, the parabola through them is highest, or 0."""
    bend = left - 2 * middle + right
    return 0.5 * (left - right) / bend if bend < 0 else 0.0
