"""The bundled recordings, analysed once for all engine tests."""

from pathlib import Path

import pytest

from catalog.engine import Fingerprint, Fingerprinter, FingerprintIndex
from tests.alterations import Samples, recordings, sound


@pytest.fixture(scope="session")
def songs() -> list[Path]:
    """Paths of the bundled excerpts."""
    return recordings()


@pytest.fixture(scope="session")
def fingerprints(songs: list[Path]) -> list[Fingerprint]:
    """One a song."""
    fingerprinter = Fingerprinter()
    return [fingerprinter.fingerprint(path) for path in songs]


@pytest.fixture(scope="session")
def sounds(songs: list[Path]) -> list[Samples]:
    """Mono samples at 16 kHz, one array a song."""
    return [sound(path) for path in songs]


@pytest.fixture
def index(fingerprints: list[Fingerprint]) -> FingerprintIndex:
    """All songs, under their places in the list."""
    filled = FingerprintIndex()
    for track_id, fingerprint in enumerate(fingerprints):
        filled.add(track_id, fingerprint)
    return filled
