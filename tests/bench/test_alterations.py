"""The bench's truth is true: what an altered query says about itself is what its samples say."""

import zlib
from pathlib import Path

import numpy as np
import pytest

from bench.alterations import ALTERATIONS, Alteration
from bench.audio import RATE, read
from bench.clip import Clip, Strangers, original
from bench.strangers import filled

pytestmark = pytest.mark.slow
AUDIO = Path(__file__).parent.parent / "audio"
START_S = 4.0
# The encoder is a tool from Debian, which a test machine may lack.
NEEDS_A_TOOL = frozenset({"vorbis q -1"})
BENT = [a for a in ALTERATIONS if a.name in {"two speeds", "speed glides"}]
WITHOUT_TIME_CHANGE = [
    a
    for a in ALTERATIONS
    if a.family in {"codec", "loudness", "filter", "edit", "mix"} and a.name not in NEEDS_A_TOOL and a not in BENT
]
STRETCHED = [a for a in ALTERATIONS if a.family in {"pitch", "tempo", "speed"}][::3]
BEGINNING_S = 0.5


@pytest.fixture(scope="module")
def music() -> np.ndarray:
    return read(AUDIO / "hypatias-theme.mp3", START_S, 9.0)


@pytest.fixture(scope="module")
def strangers() -> Strangers:
    other = read(AUDIO / "boss-attack.ogg")
    return Strangers(music=lambda n, _rng: filled(other, n), speech=lambda n, _rng: filled(other, n))


def altered(alteration: Alteration, music: np.ndarray, strangers: Strangers) -> Clip:
    rng = np.random.default_rng(zlib.crc32(alteration.name.encode()))
    return alteration.apply(original(music, START_S), rng, strangers)


def lag_s(reference: np.ndarray, heard: np.ndarray) -> float:
    """Seconds by which ``heard`` comes later than ``reference``, by half-whitened correlation of the mono sums."""
    size = 1 << (len(reference) + len(heard)).bit_length()
    cross = np.fft.rfft(heard, size) * np.conj(np.fft.rfft(reference, size))
    place = int(np.fft.irfft(cross / np.sqrt(np.abs(cross) + 1e-9), size).argmax())
    return (place if place < size // 2 else place - size) / RATE


@pytest.mark.parametrize("alteration", WITHOUT_TIME_CHANGE, ids=lambda a: a.name)
def test_spans_say_where_the_reference_sounds(alteration: Alteration, music: np.ndarray, strangers: Strangers) -> None:
    clip = altered(alteration, music, strangers)
    assert clip.spans
    for span in clip.spans:
        first, last = round(span.query_start_s * RATE), round(span.query_end_s * RATE)
        at = round((span.reference_start_s - START_S) * RATE)
        reference = music[:, at : at + last - first].mean(axis=0)
        assert abs(lag_s(reference, clip.samples[:, first:last].mean(axis=0))) < 0.012


@pytest.mark.parametrize("alteration", BENT, ids=lambda a: a.name)
def test_bent_spans_begin_where_they_say(alteration: Alteration, music: np.ndarray, strangers: Strangers) -> None:
    clip = altered(alteration, music, strangers)
    assert clip.duration_s == pytest.approx(music.shape[1] / RATE / clip.tempo, abs=0.01)
    assert clip.spans[-1].query_end_s == pytest.approx(clip.duration_s, abs=0.01)
    for span in clip.spans:
        first, at = round(span.query_start_s * RATE), round((span.reference_start_s - START_S) * RATE)
        length = round(BEGINNING_S * RATE)
        reference = music[:, at : at + length].mean(axis=0)
        assert abs(lag_s(reference, clip.samples[:, first : first + length].mean(axis=0))) < 0.012


@pytest.mark.parametrize("alteration", STRETCHED, ids=lambda a: a.name)
def test_stretching_keeps_length_and_pitch_as_said(
    alteration: Alteration, music: np.ndarray, strangers: Strangers
) -> None:
    clip = altered(alteration, music, strangers)
    assert clip.duration_s == pytest.approx(music.shape[1] / RATE / clip.tempo, abs=0.06)
    assert clip.spans[0].query_end_s == pytest.approx(clip.duration_s, abs=0.06)
    assert semitones_between(music, clip.samples) == pytest.approx(clip.pitch, abs=0.25)


def semitones_between(reference: np.ndarray, heard: np.ndarray) -> float:
    """How much higher ``heard`` is: the shift of the mean spectrum along a logarithmic axis."""
    one, other = (log_spectrum(samples) for samples in (reference, heard))
    shifts = np.arange(-80, 81)
    likeness = [one[100:-100] @ other[100 + s : len(other) - 100 + s] for s in shifts]
    return float(shifts[int(np.argmax(likeness))]) / 10


def log_spectrum(samples: np.ndarray) -> np.ndarray:
    """The mean spectrum in tenths of a semitone from 80 Hz to 5 kHz, flattened."""
    mono = samples.mean(axis=0)
    frames = np.lib.stride_tricks.sliding_window_view(mono, 32_768)[::8192] * np.hanning(32_768)
    spectrum = np.log(np.abs(np.fft.rfft(frames, axis=1)).mean(axis=0) + 1e-6)
    wanted = 80 * 2 ** (np.arange(0, 720) / 120)
    curve = np.interp(wanted, np.fft.rfftfreq(32_768, 1 / RATE), spectrum)
    flat = curve - np.convolve(curve, np.ones(61) / 61, mode="same")
    return flat / np.linalg.norm(flat)
