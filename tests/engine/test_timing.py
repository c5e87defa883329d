"""How steadily a match keeps time."""

import numpy as np
import pytest

from catalog.engine import Fingerprinter, FingerprintIndex, matched, timing
from catalog.engine.alignment import Line
from catalog.engine.proving import STEADY_BY_MOMENTS_S, STEADY_S
from tests.alterations import RATE, Samples, another_performance, noisy
from tests.engine.made_music import pink_noise, played, query_of, reference_of, under

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


def wobble_of(asked: Samples, held: Samples) -> float | None:
    query, reference, line = query_of(asked), reference_of(held), Line(0.0, 1.0, 0.0)
    seconds = len(asked) / RATE
    found = matched.filtered(query, reference, line, (0.0, seconds))
    assert found is not None
    places_s = np.arange(0.5, seconds - 1.0, 0.25, dtype=np.float32)
    return timing.of_pictures_s(matched.laid(query, reference, line), places_s, found.deviation)


@pytest.fixture(scope="module")
def tune() -> Samples:
    return played(np.random.default_rng(8).integers(0, 30, (160, 2)), [1.0, 0.5, 0.3, 0.2], 0.3)


def test_a_copy_keeps_time_and_a_second_performance_does_not(tune: Samples) -> None:
    copy = wobble_of(under(tune, pink_noise(len(tune), 3), -6.0), tune)
    played_again = wobble_of(another_performance(tune), tune)
    assert copy is not None
    assert copy < STEADY_S / 2
    assert played_again is not None
    assert played_again > STEADY_S


def by_moments(asked: Samples, held: Samples) -> float | None:
    query, reference = query_of(asked), reference_of(held)
    places_s = np.arange(1.0, len(asked) / RATE - 1.0, 0.25, dtype=np.float32)
    return timing.of_moments_s(query, reference, Line(0.0, 1.0, 0.0), places_s)


def test_moments_tell_a_second_performance_too(tune: Samples) -> None:
    copy, played_again = by_moments(noisy(tune, 20), tune), by_moments(another_performance(tune), tune)
    assert copy is not None
    assert copy < STEADY_BY_MOMENTS_S
    assert played_again is not None
    assert played_again > STEADY_BY_MOMENTS_S


def test_slow_chords_are_neither_early_nor_late() -> None:
    """Under noise the pictures place them anywhere, and the moments know that they cannot."""
    samples = pads(10)
    masked = under(samples, pink_noise(len(samples), 3), -20.0)
    assert (wobble_of(masked, samples) or 0.0) > STEADY_S
    assert by_moments(masked, samples) == 0.0


def test_too_little_says_nothing_about_time(tune: Samples) -> None:
    assert wobble_of(tune[: 12 * RATE], tune) is None
    assert wobble_of(pink_noise(40 * RATE, 3), tune) is None
    assert by_moments(tune[: 12 * RATE], tune) is None


def test_a_noisy_copy_of_slow_chords_is_found() -> None:
    samples = pads(10)
    index = FingerprintIndex()
    index.add(1, Fingerprinter.of_samples(samples))
    found = index.search(Fingerprinter.of_samples(under(samples, pink_noise(len(samples), 3), -20.0)))
    assert [(match.track_id, match.verdict) for match in found] == [(1, "duplicate")]


@pytest.mark.parametrize(("by_moments_s", "believed"), [(0.004, True), (0.0, True), (0.012, False), (None, False)])
def test_who_strays_by_both_ways_is_no_copy(
    tune: Samples, monkeypatch: pytest.MonkeyPatch, by_moments_s: float | None, *, believed: bool
) -> None:
    monkeypatch.setattr(timing, "of_pictures_s", lambda *_: 2 * STEADY_S)
    monkeypatch.setattr(timing, "of_moments_s", lambda *_: by_moments_s)
    index = FingerprintIndex()
    index.add(1, Fingerprinter.of_samples(tune))
    assert bool(index.search(Fingerprinter.of_samples(noisy(tune, 15)))) == believed
