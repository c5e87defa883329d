"""Recordings that hold nothing to compare, however loud they are: two of them are never one recording."""

from collections.abc import Callable
from itertools import permutations
from pathlib import Path

import numpy as np
import pytest

from catalog.engine import Fingerprint, Fingerprinter, FingerprintIndex
from tests.alterations import RATE, Samples, write
from tests.some import some

SECONDS = 20.0
TIME = np.arange(int(SECONDS * RATE)) / RATE
CHANCE = np.random.default_rng(11)


def tone(hertz: float, peak: float = 0.3) -> np.ndarray:
    return peak * np.sin(2 * np.pi * hertz * TIME)


def click(peak: float) -> np.ndarray:
    return np.where((TIME > 5) & (TIME < 5.001), peak, 0.0)


def rounding() -> np.ndarray:
    """What a converter adds: the last bit of 16."""
    return CHANCE.integers(-1, 2, len(TIME)) / 32768


BLANK: dict[str, Callable[[], np.ndarray]] = {
    "silence": lambda: 0 * TIME,
    "an offset": lambda: 0 * TIME + 0.1,
    "a larger offset": lambda: 0 * TIME - 0.5,
    "an offset with rounding": lambda: 0.1 + rounding(),
    "rounding alone": rounding,
    "an offset that drifts": lambda: 0.1 * TIME / SECONDS,
    "an offset that is switched on": lambda: np.where(TIME > 8, 0.2, 0.0),
    "a larger one that is": lambda: np.where(TIME > 8, 0.4, 0.0),
    "1 kHz": lambda: tone(1000),
    "500 Hz": lambda: tone(500),
    "1 kHz faded in": lambda: tone(1000) * np.minimum(1, TIME / 3),
    "a chord": lambda: tone(220, 0.1) + tone(277.2, 0.1) + tone(329.6, 0.1),
    "hum at 50 Hz": lambda: tone(50) + rounding(),
    "hum at 60 Hz": lambda: tone(60) + rounding(),
    "hum with harmonics": lambda: sum((tone(50 * n, 0.2 / n) for n in range(2, 20)), tone(50, 0.2)),
    "under hearing": lambda: tone(5),
    "a click": lambda: click(0.5),
    "a softer click": lambda: click(0.2),
}


def of(samples: np.ndarray) -> Fingerprint:
    return Fingerprinter.of_samples(np.round(samples * 32768).astype(np.float32) / 32768)


@pytest.fixture(scope="module")
def blanks() -> dict[str, Fingerprint]:
    return {name: of(make()) for name, make in BLANK.items()}


@pytest.mark.parametrize("name", BLANK)
def test_there_is_nothing_to_compare(blanks: dict[str, Fingerprint], name: str) -> None:
    assert blanks[name].is_blank
    assert Fingerprint.from_bytes(blanks[name].to_bytes()).is_blank, "what is stored says so too"


def test_no_two_of_them_match(blanks: dict[str, Fingerprint]) -> None:
    """Not even where their pictures are equal to the last level, as those of any two steady tones are."""
    index = FingerprintIndex()
    for track_id, fingerprint in enumerate(blanks.values()):
        index.add(track_id, fingerprint)
    names = list(blanks)
    found = {name: [names[match.track_id] for match in index.search(blanks[name])] for name in names}
    assert found == {name: [] for name in names}
    equal = [pair for pair in permutations(names, 2) if blanks[pair[0]].digest == blanks[pair[1]].digest]
    assert ("1 kHz", "500 Hz") in equal, "else this test shows nothing"


@pytest.mark.slow
@pytest.mark.parametrize("codec", [("offset.wav", "pcm_s16le"), ("offset.mp3", "libmp3lame"), ("offset.flac", "flac")])
def test_a_silent_file_is_no_error(tmp_path: Path, codec: tuple[str, str]) -> None:
    path = write(tmp_path / codec[0], np.full(5 * RATE, 0.1, np.float32), codec=codec[1])
    assert Fingerprinter().fingerprint(path).is_blank


@pytest.mark.slow
@pytest.mark.parametrize("decibels", [0, -30, -50])
def test_music_is_never_blank(sounds: list[Samples], decibels: int) -> None:
    for song in sounds:
        assert not of(song * 10 ** (decibels / 20)).is_blank
        assert not of(song[5 * RATE : 9 * RATE] * 10 ** (decibels / 20)).is_blank, "four seconds of it"


@pytest.mark.slow
def test_music_in_an_hour_of_silence_is_not_blank(sounds: list[Samples]) -> None:
    silence = np.zeros(1800 * RATE, np.float32)
    assert not of(np.concatenate([silence, sounds[0][: 6 * RATE], silence])).is_blank


@pytest.mark.slow
def test_a_few_notes_are_not_blank() -> None:
    """One every four seconds, with silence between."""
    note = np.exp(-TIME[:RATE] * 4) * tone(660)[:RATE]
    notes = np.zeros_like(TIME)
    for second in range(0, int(SECONDS), 4):
        notes[second * RATE : (second + 1) * RATE] = note
    assert not of(notes).is_blank
    index = FingerprintIndex()
    index.add(1, of(notes))
    assert [match.track_id for match in index.search(of(notes))] == [1], "its own copy is found"


@pytest.mark.slow
def test_a_mostly_silent_picture_proves_no_certainty() -> None:
    """Wrong lines beside it are all alike, so that any line stands out from them without end."""
    index = FingerprintIndex()
    index.add(1, of(np.where(TIME > 2, tone(1000), 0.0)))
    found = index.search(of(np.where(TIME > 2.03, tone(1000), 0.0)))
    assert all(match.score < 300 for match in some(found))
    assert index.search(of(np.where(TIME > 2, tone(500), 0.0))) == []
