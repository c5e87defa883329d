"""A small robustness bench for every run of the suite: a floor of recall, and no false accept. No timing."""

import zlib
from pathlib import Path

import numpy as np
import pytest

from bench.alterations import ALTERATIONS
from bench.audio import RATE, read, write_flac
from bench.clip import Clip, Strangers, original
from bench.strangers import filled, synthetic
from catalog.engine import Fingerprint, Fingerprinter, FingerprintIndex

pytestmark = [pytest.mark.slow, pytest.mark.no_database]
AUDIO = Path(__file__).parent.parent / "audio"
KNOWN = (
    "battle-music.ogg",
    "elvish-theme.mp3",
    "forest-dance.mp3",
    "chaos-god.mp3",
    "palace.mp3",
    "hypatias-theme.mp3",
    "hill-of-sorrows.mp3",
)
STRANGE = ("boss-attack.ogg", "living-caves.ogg", "mountain.mp3", "the-knolls-of-doldesh.mp3")
SECONDS, START_S = 15.0, 4.0
ASKED = (
    "mp3 32k",
    "opus 24k",
    "clipped 20 dB",
    "telephone",
    "reverb",
    "one side inverted",
    "pink noise 5 dB",
    "other music -6 dB",
    "padded",
    "pitch +3.5",
    "tempo 1.3",
    "speed 1.25",
    "slowed and reverb",
    "pitch -2, tempo 1.06, opus 32k",
)
FLOOR = 13  # of len(ASKED)


@pytest.fixture(scope="module")
def index() -> FingerprintIndex:
    made = FingerprintIndex()
    for number, name in enumerate(KNOWN):
        made.add(number, Fingerprinter().fingerprint(AUDIO / name))
    return made


@pytest.fixture(scope="module")
def strangers() -> Strangers:
    music = np.concatenate([read(AUDIO / name) for name in STRANGE], axis=1)
    return Strangers(music=lambda n, _rng: filled(music, n), speech=lambda n, _rng: filled(music, n))


def fingerprint(clip: Clip, path: Path, *, stereo: bool = False) -> Fingerprint:
    write_flac(path, clip.samples, stereo=stereo)
    return Fingerprinter().fingerprint(path)


def altered(number: int, strangers: Strangers, path: Path) -> Fingerprint:
    """Alteration ``number`` of an excerpt, which changes from one to the next."""
    alteration = next(a for a in ALTERATIONS if a.name == ASKED[number])
    name = KNOWN[number % len(KNOWN)]
    clip = original(read(AUDIO / name, START_S, SECONDS), START_S)
    rng = np.random.default_rng(zlib.crc32(alteration.name.encode()))
    return fingerprint(alteration.apply(clip, rng, strangers), path, stereo=alteration.stereo)


def test_altered_copies_are_found(index: FingerprintIndex, strangers: Strangers, tmp_path: Path) -> None:
    lost = []
    for number, name in enumerate(ASKED):
        matches = index.search(altered(number, strangers, tmp_path / f"{number}.flac"))
        if not matches or matches[0].track_id != number % len(KNOWN) or not matches[0].is_duplicate:
            lost.append(f"{name} of {KNOWN[number % len(KNOWN)]}: {[m.track_id for m in matches]}")
    assert len(ASKED) - len(lost) >= FLOOR, lost


@pytest.mark.parametrize("name", STRANGE[1:3])
def test_music_that_is_not_indexed_is_not_reported(index: FingerprintIndex, name: str, tmp_path: Path) -> None:
    clip = original(read(AUDIO / name, START_S, SECONDS), START_S)
    assert index.search(fingerprint(clip, tmp_path / "query.flac")) == []


@pytest.mark.parametrize("kind", ["drone", "arpeggio"])
def test_synthetic_sound_is_not_reported(index: FingerprintIndex, kind: str, tmp_path: Path) -> None:
    samples = synthetic(kind, round(SECONDS * RATE), np.random.default_rng(5))
    assert index.search(fingerprint(Clip(samples, ()), tmp_path / "query.flac")) == []
