"""A query and the moves that are tried on it: pitch, tempo, speed."""

from dataclasses import dataclass

from catalog.engine.features.embedding import Vectors, embed
from catalog.engine.features.fingerprint import Fingerprint
from catalog.engine.features.patches import cut, move_rows
from catalog.engine.features.spectrogram import Floats


@dataclass(frozen=True, order=True)
class Probe:
    """A guess: the query is ``tempo_ratio`` times as fast as the reference and ``pitch_semitones`` higher."""

    tempo_ratio: float = 1.0
    pitch_semitones: float = 0.0


PLAIN = Probe()
KEPT_MOVES = 40  # pictures of one query held at once, one a pitch


class Query:
    """One fingerprint to look for. ``columns``: its length. Up to ``KEPT_MOVES`` moved pictures are kept."""

    def __init__(self, fingerprint: Fingerprint) -> None:
        self.fingerprint = fingerprint
        self.columns = len(fingerprint.levels)
        self._moved: dict[float, Floats] = {}

    @property
    def duration_s(self) -> float:
        """Its length in seconds."""
        return self.fingerprint.duration_s

    def at(self, probe: Probe, places: Floats) -> Vectors:
        """Vectors of the query, moved by ``probe``, at its own (n,) columns ``places``."""
        return embed(self.patches(probe, places), places)

    def patches(self, probe: Probe, places: Floats) -> Floats:
        """The patches behind ``at``: (n, HALVES, PATCH_SIZE) dB."""
        return cut(self.moved(probe.pitch_semitones), places, probe.tempo_ratio)

    def moved(self, pitch_semitones: float) -> Floats:
        """(columns, patch rows) dB: the query's picture, so many semitones lower."""
        if pitch_semitones not in self._moved:
            if len(self._moved) >= KEPT_MOVES:
                self._moved.clear()
            self._moved[pitch_semitones] = move_rows(self.fingerprint.picture, pitch_semitones)
        return self._moved[pitch_semitones]
