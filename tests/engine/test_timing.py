"""How steadily a match keeps time: what slow chords cannot say."""

import numpy as np

from catalog.engine import Fingerprinter, FingerprintIndex, timing
from catalog.engine.alignment import Line
from tests.alterations import RATE, Samples
from tests.engine.test_matched import pink_noise, played, query_of, reference_of, under

CHORD_S = 4.0


def pads(count: int) -> Samples:
    """Chords of three voices that swell and fade for eight seconds, each ``CHORD_S`` after the one before."""
    chance = np.random.default_rng(4)
    step = int(CHORD_S * RATE)
    time_s = np.arange(2 * step) / RATE
    swell = np.sin(np.pi * np.arange(2 * step) / (2 * step)) ** 2
    sound = np.zeros((count + 1) * step, np.float32)
    for number in range(count):
        for semitone in chance.integers(0, 30, 3):
            pitch = 220.0 * 2 ** (semitone / 12)
            tone = sum(level * np.sin(2 * np.pi * pitch * (n + 1) * time_s) for n, level in enumerate((1.0, 0.5, 0.3)))
            sound[number * step : number * step + 2 * step] += (swell * tone).astype(np.float32)
    return sound


def wobble_of_a_noisy_copy(samples: Samples) -> float | None:
    noisy = under(samples, pink_noise(len(samples), 3), -20.0)
    return timing.wobble_s(query_of(noisy), reference_of(samples), Line(0.0, 1.0, 0.0), 0.0, 40.0)


def test_chords_that_swell_say_nothing_about_time_and_notes_do() -> None:
    notes = played(np.random.default_rng(8).integers(0, 30, (160, 2)), [1.0, 0.5, 0.3, 0.2], 0.3)
    assert wobble_of_a_noisy_copy(pads(10)) is None
    wobble_s = wobble_of_a_noisy_copy(notes)
    assert wobble_s is not None
    assert wobble_s < 0.021


def test_a_noisy_copy_of_slow_chords_is_found() -> None:
    samples = pads(10)
    index = FingerprintIndex()
    index.add(1, Fingerprinter.of_samples(samples))
    found = index.search(Fingerprinter.of_samples(under(samples, pink_noise(len(samples), 3), -20.0)))
    assert [(match.track_id, match.verdict) for match in found] == [(1, "duplicate")]
