"""Fingerprints: their bytes, what damages them, and what a recording's looks like for ever."""

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest

from catalog.engine import (
    PARAMETERS_VERSION,
    DecodeLimits,
    Fingerprint,
    Fingerprinter,
    FingerprintIndex,
    InvalidFingerprint,
    TooLong,
    UnreadableAudio,
)
from catalog.engine.audio.waveform import waveform_peaks
from catalog.engine.features import fingerprinter
from catalog.engine.parameters import LONGEST_S, PARAMETERS
from tests.alterations import RATE, Samples

GOLDEN = Path(__file__).parent / "golden.json"


def test_bytes_round_trip(fingerprints: list[Fingerprint]) -> None:
    for fingerprint in fingerprints:
        back = Fingerprint.from_bytes(fingerprint.to_bytes())
        assert np.array_equal(back.levels, fingerprint.levels)
        assert back.duration_s == fingerprint.duration_s
        assert back.parameters_version == PARAMETERS_VERSION


@pytest.mark.slow
@pytest.mark.parametrize("place", [0, 5, 8, 12, 30, -1])
def test_a_damaged_byte_is_noticed(fingerprints: list[Fingerprint], place: int) -> None:
    data = bytearray(fingerprints[0].to_bytes())
    data[place] ^= 0x40
    with pytest.raises(InvalidFingerprint):
        Fingerprint.from_bytes(bytes(data))


@pytest.mark.parametrize("size", [0, 3, 20, -1])
def test_cut_bytes_are_noticed(fingerprints: list[Fingerprint], size: int) -> None:
    with pytest.raises(InvalidFingerprint):
        Fingerprint.from_bytes(fingerprints[0].to_bytes()[:size])


def test_another_version_is_refused_everywhere(fingerprints: list[Fingerprint]) -> None:
    other = dataclasses.replace(fingerprints[0], parameters_version=PARAMETERS_VERSION + 1)
    with pytest.raises(InvalidFingerprint, match="parameters"):
        Fingerprint.from_bytes(other.to_bytes())
    with pytest.raises(InvalidFingerprint):
        FingerprintIndex().add(1, other)
    with pytest.raises(InvalidFingerprint):
        FingerprintIndex().search(other)


def test_gain_changes_next_to_nothing(sounds: list[Samples]) -> None:
    loud = Fingerprinter.of_samples(sounds[0]).levels.astype(int)
    quiet = Fingerprinter.of_samples(sounds[0] * np.float32(0.1)).levels.astype(int)
    assert np.mean(np.abs(loud - quiet)) < 0.05


@pytest.mark.slow
def test_the_longest_recording_that_is_decoded_can_be_read_back() -> None:
    frames = int(DecodeLimits(max_s=LONGEST_S).refused_from_s * PARAMETERS.sample_rate)
    columns = (frames - PARAMETERS.frame_samples) // PARAMETERS.hop_samples + 1
    longest = Fingerprint(np.full((columns, PARAMETERS.rows), 8, np.uint8), LONGEST_S)
    assert Fingerprint.from_bytes(longest.to_bytes()).levels.shape == longest.levels.shape
    with pytest.raises(ValueError, match="86400"):
        DecodeLimits(max_s=LONGEST_S + 1)


def test_more_than_a_fingerprint_holds_is_refused(sounds: list[Samples], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fingerprinter, "MAX_COLUMNS", 100)
    Fingerprinter.of_samples(sounds[0][: 6 * RATE])
    with pytest.raises(TooLong, match="24 hours"):
        Fingerprinter.of_samples(sounds[0][: 7 * RATE])


@pytest.mark.slow
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 1e30])
@pytest.mark.parametrize("place", [500, 5 * RATE, -3000])
def test_samples_that_are_no_numbers_are_refused(sounds: list[Samples], value: float, place: int) -> None:
    samples = sounds[0][: 10 * RATE].copy()
    samples[place] = value
    with pytest.raises(UnreadableAudio, match="finite"):
        Fingerprinter.of_samples(samples)


def test_the_same_recording_gives_the_golden_fingerprint(songs: list[Path], fingerprints: list[Fingerprint]) -> None:
    """A change here changes every stored fingerprint: bump ``PARAMETERS_VERSION`` and write the file anew."""
    golden = json.loads(GOLDEN.read_text())
    assert golden["parameters_version"] == PARAMETERS_VERSION
    fingerprint = fingerprints[[path.name for path in songs].index(golden["song"])]
    expected = np.array(golden["levels"])
    part = fingerprint.levels[100 : 100 + len(expected)].astype(int)
    assert np.mean(part != expected) < 0.02


def test_analysis_carries_properties_and_waveform(songs: list[Path]) -> None:
    analysis = Fingerprinter().analyse(songs[0])
    assert analysis.info.duration_s == pytest.approx(analysis.fingerprint.duration_s)
    assert not analysis.info.is_incomplete
    assert 300 < len(analysis.peaks) <= 800
    assert analysis.peaks.max() > 60
    assert np.array_equal(analysis.peaks, waveform_peaks(songs[0]))
