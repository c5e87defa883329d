"""From patches to vectors, by projections that were learnt by linear discriminant analysis (Fisher, 1936; ``model``).

There are two. ``MOMENT`` tells a moment from the one a sixteenth of a second later; alignment and evidence use it.
``PLACE`` is for the index. Its patches are twice as long, and it was learnt from pairs that lie up to half a position
apart: so a query's moment is near to the nearest position of its reference, wherever it falls between two.
"""

from dataclasses import dataclass

import numpy as np

from catalog.engine.features.model import MOMENT, model
from catalog.engine.features.patches import HALVES
from catalog.engine.features.spectrogram import Floats

DIMENSIONS = 48
QUIET_DB = 1.5  # a patch whose levels vary less than this says nothing: silence, a held tone, steady noise


@dataclass(frozen=True)
class Vectors:
    """``values`` (n, HALVES, DIMENSIONS) of unit length; ``places`` (n,) the centres of their patches, in columns.

    ``heard`` (n, HALVES): whether the patch varies enough to say anything; values are zero where it does not.
    """

    values: Floats
    places: Floats
    heard: np.ndarray


def normalise(patches: Floats) -> tuple[Floats, np.ndarray]:
    """(n, HALVES, size) dB → the same with zero mean and unit length, and (n, HALVES) whether they vary enough."""
    centred = patches - patches.mean(axis=2, keepdims=True)
    length = np.linalg.norm(centred, axis=2, keepdims=True)
    heard = length[:, :, 0] > QUIET_DB * np.sqrt(patches.shape[2])
    return centred / np.maximum(length, 1e-6), heard


def embed(patches: Floats, places: Floats, kind: str = MOMENT) -> Vectors:
    """The vectors of (n, HALVES, size) ``patches`` in dB, as ``patches.cut`` gives them at (n,) ``places`` (columns).

    ``kind``: the projection, ``MOMENT`` or ``PLACE``.
    """
    unit, heard = normalise(patches)
    matrix = model().projections[kind]
    values = np.stack([unit[:, half] @ matrix[half] for half in range(HALVES)], axis=1)
    values /= np.maximum(np.linalg.norm(values, axis=2, keepdims=True), 1e-6)
    values[~heard] = 0.0
    return Vectors(values.astype(np.float32), places, heard)
