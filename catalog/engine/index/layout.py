"""Which vectors of a fingerprint are indexed, and where they lie. After a change here the index must be rebuilt.

The stored fingerprints do not depend on it and stay valid. Experiments: docs/log/2026-11-25-index-vectors.md.
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
    """The indexed vectors of a (columns, patch rows) picture in dB, as ``move_rows`` gives it.

    There is one for each half at every position, ``step`` columns apart.
    """
    return place_vectors(picture, centres(len(picture), step))


def place_vectors(picture: Floats, places: Floats, tempo_ratio: float = 1.0) -> Vectors:
    """Vectors as the index holds them, at (n,) ``places`` (columns) of a (columns, patch rows) picture in dB.

    ``tempo_ratio``: how many times as fast as its reference the picture is; see ``patches.cut``.
    """
    return embed(cut(picture, places, tempo_ratio, PATCH_COLUMNS), places, PLACE)
