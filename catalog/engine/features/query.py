"""A query and the moves that are tried on it: pitch, tempo, speed."""

from dataclasses import dataclass

import numpy as np

from catalog.engine.features.embedding import Vectors, embed
from catalog.engine.features.fingerprint import Fingerprint
from catalog.engine.features.patches import centres, cut, move_rows
from catalog.engine.features.spectrogram import Floats
from catalog.engine.index.layout import place_vectors


@dataclass(frozen=True, order=True)
class Probe:
    """A guess: the query is ``tempo_ratio`` times as fast as the reference and ``pitch_semitones`` higher."""

    tempo_ratio: float = 1.0
    pitch_semitones: float = 0.0


PLAIN = Probe()
KEPT_MOVES = 40  # pictures of one query held at once, one a pitch
TEMPOS = (0.71, 0.795, 0.89, 1.0, 1.12, 1.25, 1.4)
PITCHES = range(-8, 9)


def probe_grid() -> list[Probe]:
    """Every tempo with every pitch, but for the plain one, and pitches half way between where the tempo is kept.

    There both would miss by most: a copy by pitch alone keeps the tempo to the last, so more probes of it pay most.
    """
    whole = [Probe(tempo, float(pitch)) for tempo in TEMPOS for pitch in PITCHES if (tempo, pitch) != (1.0, 0)]
    return whole + [Probe(1.0, pitch + 0.5) for pitch in PITCHES[:-1]]


class Query:
    """One fingerprint to look for."""

    def __init__(self, fingerprint: Fingerprint) -> None:
        self.fingerprint = fingerprint
        self.columns = len(fingerprint.levels)
        self._moved: dict[float, Floats] = {}

    def asked(self, probe: Probe, most: int) -> Vectors:
        """What the index is asked: at most ``most`` moments of the moved query, evenly spread."""
        at = centres(self.columns, 1.0, probe.tempo_ratio)
        spread = np.linspace(0, len(at) - 1, min(most, len(at))).astype(np.int64)
        return place_vectors(self.moved(probe.pitch_semitones), at[spread], probe.tempo_ratio)

    def at(self, probe: Probe, places: Floats) -> Vectors:
        """Vectors of the moved query at given query columns."""
        return embed(self.patches(probe, places), places)

    def patches(self, probe: Probe, places: Floats) -> Floats:
        """The patches behind ``at``: (n, HALVES, PATCH_SIZE) dB."""
        return cut(self.moved(probe.pitch_semitones), places, probe.tempo_ratio)

    def moved(self, pitch_semitones: float) -> Floats:
        """The query's picture, that many semitones lower."""
        if pitch_semitones not in self._moved:
            if len(self._moved) >= KEPT_MOVES:
                self._moved.clear()
            self._moved[pitch_semitones] = move_rows(self.fingerprint.picture, pitch_semitones)
        return self._moved[pitch_semitones]
