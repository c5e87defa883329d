"""The stored model: everything that training learnt, read once from ``data/projection.npz``.

Only ``training`` writes the file. Other numbers in it give other vectors, so an index on disk notes its digest.
"""

import hashlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from catalog.engine.features.spectrogram import Floats

FILE = Path(__file__).parent.parent / "data" / "projection.npz"
MOMENT, PLACE = "moment", "place"  # the two projections; ``embedding`` says what each is for
EVIDENCE = "evidence"
SKETCH_BASIS, SKETCH_SPREAD = "sketch", "sketch_spread"


@dataclass(frozen=True)
class Model:
    """What training learnt.

    ``projections``: by kind, (HALVES, patch size, DIMENSIONS). ``evidence``: (HALVES, bins) nats for each bin of
    cosine. ``sketch_basis``: (block size, numbers) directions, the one with most variance first; ``sketch_spread``:
    (numbers,) standard deviation of music in each. ``digest``: SHA-256 of the file, in hex.
    """

    projections: dict[str, Floats]
    evidence: Floats
    sketch_basis: Floats
    sketch_spread: Floats
    digest: str


@cache
def model() -> Model:
    """Read the model of this installation, once for each process."""
    with np.load(FILE) as stored:
        arrays = {name: stored[name].astype(np.float32) for name in stored.files}
    return Model(
        projections={kind: arrays[kind] for kind in (MOMENT, PLACE)},
        evidence=arrays[EVIDENCE],
        sketch_basis=arrays[SKETCH_BASIS],
        sketch_spread=arrays[SKETCH_SPREAD],
        digest=hashlib.sha256(FILE.read_bytes()).hexdigest(),
    )
