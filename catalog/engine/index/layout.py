"""How the index lays out what it derives from fingerprints. A change here asks for a rebuilt index, nothing else.

The stored fingerprints do not depend on any of it: they need not be made again. Experiments:
docs/log/2026-11-25-index-vectors.md.
"""

from catalog.engine.features.embedding import Vectors, embed
from catalog.engine.features.model import PLACE
from catalog.engine.features.patches import centres, cut
from catalog.engine.features.spectrogram import Floats
from catalog.engine.parameters import PARAMETERS

LAYOUT_VERSION = 2
REFERENCE_STEP = 16  # hops between indexed positions: 1.02 s
PATCH_COLUMNS = 16  # of an indexed patch: 2.05 s
REFERENCE_STEP_S = REFERENCE_STEP * PARAMETERS.hop_s
ORIGIN_S = float(centres(10_000, 1.0)[0]) * PARAMETERS.hop_s  # where a reference's first position lies


def reference_vectors(picture: Floats, step: int = REFERENCE_STEP) -> Vectors:
    """What is indexed of a picture that ``move_rows`` gave: a vector a half at every position, ``step`` hops apart."""
    return place_vectors(picture, centres(len(picture), step))


def place_vectors(picture: Floats, places: Floats, tempo_ratio: float = 1.0) -> Vectors:
    """Vectors as the index holds them, at ``places`` of a picture that ``move_rows`` gave; see ``patches.cut``."""
    return embed(cut(picture, places, tempo_ratio, PATCH_COLUMNS), places, PLACE)
