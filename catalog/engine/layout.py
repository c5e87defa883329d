"""How the index lays out what it derives from fingerprints. A change here asks for a rebuilt index, nothing else.

The stored fingerprints do not depend on any of it: they need not be made again.
"""

from catalog.engine.embedding import Vectors, embed
from catalog.engine.fingerprint import Fingerprint
from catalog.engine.params import PARAMETERS
from catalog.engine.patches import centres, cut, move_rows

LAYOUT_VERSION = 1
REFERENCE_STEP = 8  # hops between indexed positions: 0.51 s
REFERENCE_STEP_S = REFERENCE_STEP * PARAMETERS.hop_s
ORIGIN_S = float(centres(10_000, 1.0)[0]) * PARAMETERS.hop_s  # where a reference's first position lies


def reference_vectors(fingerprint: Fingerprint, step: int = REFERENCE_STEP) -> Vectors:
    """What is indexed of a recording: one vector a half at every position, ``step`` hops apart."""
    places = centres(len(fingerprint.levels), step)
    return embed(cut(move_rows(fingerprint.picture, 0.0), places), places)
