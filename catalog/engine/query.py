"""A query and the moves that are tried on it: pitch, tempo, speed."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from catalog.engine.embedding import Vectors, embed
from catalog.engine.fingerprint import Fingerprint
from catalog.engine.params import PARAMETERS
from catalog.engine.patches import centres, cut


@dataclass(frozen=True, order=True)
class Probe:
    """A guess: the query is ``tempo_ratio`` times as fast as the reference and ``pitch_semitones`` higher."""

    tempo_ratio: float = 1.0
    pitch_semitones: float = 0.0


PLAIN = Probe()
TEMPOS = (0.7, 0.77, 0.85, 0.93, 1.0, 1.08, 1.17, 1.27, 1.38)
PITCHES = range(-8, 9)


def probe_grid() -> list[Probe]:
    """Every tempo with every pitch, but for the plain one."""
    return [Probe(tempo, float(pitch)) for tempo in TEMPOS for pitch in PITCHES if (tempo, pitch) != (1.0, 0)]


class Query:
    """One fingerprint to look for."""

    def __init__(self, fingerprint: Fingerprint) -> None:
        self.fingerprint = fingerprint
        self.columns = len(fingerprint.levels)

    @cached_property
    def plain(self) -> Vectors:
        """Dense vectors of the query as it is."""
        return self.vectors(PLAIN, PARAMETERS.query_step)

    def vectors(self, probe: Probe, step: float) -> Vectors:
        """Vectors of the moved query, ``step`` query columns apart."""
        return self.at(probe, centres(self.columns, step, probe.tempo_ratio))

    def at(self, probe: Probe, places: np.ndarray) -> Vectors:
        """Vectors of the moved query at given query columns."""
        patches = cut(self.fingerprint.picture, places, probe.tempo_ratio, probe.pitch_semitones)
        return embed(patches, places)
