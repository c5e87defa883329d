"""The bundled recordings, analysed once for all engine tests, and every index beside its truth."""

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from catalog.engine import Fingerprint, Fingerprinter, FingerprintIndex
from catalog.engine.audio import decoder_templates
from catalog.engine.index import codec
from tests.alterations import Samples, recordings, sound
from tests.engine import taken_over
from tests.engine.index_backends import NAMES, make_ready
from tests.engine.index_truth import Both
from tests.engine.made_music import pink_noise, played, under


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


@pytest.fixture(scope="session")
def versions() -> dict[str, Samples]:
    """One tune: as recorded, on another instrument, and under other notes that are 6 dB louder."""
    chance = np.random.default_rng(8)
    notes, other_notes = (chance.integers(0, 30, (160, 2)) for _ in range(2))
    original = played(notes, [1.0, 0.5, 0.3, 0.2], 0.3)
    over = played(other_notes[:, :1], [1.0, 0.7, 0.5, 0.5, 0.4, 0.3, 0.3], 0.1)
    return {
        "original": original,
        "arrangement": played(notes, [0.2, 0.1, 1.0, 0.0, 0.6], 0.12),
        "hollow": played(notes, [1.0, 0.0, 0.7, 0.0, 0.5], 0.3),
        "mixed": under(original, over, 6.0),
        "noisy": under(original, pink_noise(len(original), 3), -6.0),
    }


@pytest.fixture(scope="session")
def tune(versions: dict[str, Samples]) -> Samples:
    """40 s of it, as recorded."""
    return versions["original"]


@pytest.fixture
def no_templates() -> Iterator[None]:
    """No template of the decoder that another test left, and none that this one leaves."""
    decoder_templates.end_all()
    yield
    decoder_templates.end_all()


@pytest.fixture
def decoder_runs(monkeypatch: pytest.MonkeyPatch, no_templates: None) -> Callable[..., None]:
    """Have the decoder's children run a program of the test's; see `taken_over.command`."""

    def take_over(attack: str, *, marked: bytes = b"") -> None:
        command = taken_over.command(attack, marked=marked)
        monkeypatch.setattr(decoder_templates, "_command", lambda: command)

    return take_over


@pytest.fixture(params=NAMES)
def both(request: pytest.FixtureRequest, tmp_path: Path) -> Both:
    """Each index with its truth."""
    make_ready(request.param, request)
    return Both(request.param, tmp_path)


@pytest.fixture
def small_lists(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lists and codes from a few hundred vectors on."""
    monkeypatch.setattr(codec, "LISTS_FROM", 500)
    monkeypatch.setattr(codec, "FEWEST_LISTS", 4)
    monkeypatch.setattr(codec, "VECTORS_A_LIST", 300)
