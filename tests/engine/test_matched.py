"""What the matched filter tells apart: masked copies, other music, other arrangements of the same notes."""

import numpy as np
import pytest

from catalog.engine import Fingerprinter, FingerprintIndex, matched
from catalog.engine.alignment import Line, Reference
from catalog.engine.proving import SAME_PARTIALS, SIMILAR_PARTIALS, by_filter
from catalog.engine.query import Query
from catalog.engine.significance import log10_probability_of_filter
from tests.alterations import RATE, Samples

START_S, LENGTH_S = 8.0, 10.0
STANDS_OUT = 6.5
NOTES_S = 0.25


def query_of(samples: Samples) -> Query:
    return Query(Fingerprinter.of_samples(samples))


def excerpt(samples: Samples) -> Samples:
    return samples[int(START_S * RATE) : int((START_S + LENGTH_S) * RATE)]


def pink_noise(length: int, seed: int) -> Samples:
    spectrum = np.fft.rfft(np.random.default_rng(seed).standard_normal(length))
    spectrum /= np.sqrt(np.maximum(np.arange(len(spectrum)), 1))
    return np.fft.irfft(spectrum, length).astype(np.float32)


def under(samples: Samples, mask: Samples, decibels: float) -> Samples:
    """``samples`` with ``mask`` that many dB louder."""
    return (samples + mask * (samples.std() / mask.std()) * 10 ** (decibels / 20)).astype(np.float32)


@pytest.fixture(scope="module")
def masked(sounds: list[Samples]) -> list[Samples]:
    """Ten seconds of each song under pink noise 5 dB louder."""
    return [under(excerpt(song), pink_noise(int(LENGTH_S * RATE), number), 5.0) for number, song in enumerate(sounds)]


def test_a_masked_copy_stands_out_on_its_line_only(sounds: list[Samples], masked: list[Samples]) -> None:
    strength = np.zeros((len(sounds), len(sounds)))
    references = [Reference(Fingerprinter.of_samples(song).picture) for song in sounds]
    for asked, samples in enumerate(masked):
        for held, reference in enumerate(references):
            found = matched.filtered(query_of(samples), reference, Line(START_S, 1.0, 0.0), (0.0, LENGTH_S))
            assert found is not None
            strength[asked, held] = found.deviations
    own = np.diag(strength)
    others = strength[~np.eye(len(sounds), dtype=bool)]
    assert (own > STANDS_OUT).mean() >= 0.75
    assert others.max() < STANDS_OUT


def test_masked_copies_are_found_that_moments_alone_do_not_prove(
    index: FingerprintIndex, masked: list[Samples], monkeypatch: pytest.MonkeyPatch
) -> None:
    queries = [Fingerprinter.of_samples(samples) for samples in masked]
    found = [[match.track_id for match in index.search(query)] for query in queries]
    assert all(ids in ([], [number]) for number, ids in enumerate(found))
    monkeypatch.setattr(matched, "filtered", lambda *_: None)
    without = [[match.track_id for match in index.search(query)] for query in queries]
    assert sum(map(len, found)) > sum(map(len, without))
    assert sum(map(len, found)) >= 0.7 * len(queries)


def test_too_short_a_reference_says_nothing(sounds: list[Samples]) -> None:
    short = sounds[0][: 5 * RATE]
    reference = Reference(Fingerprinter.of_samples(short).picture)
    assert matched.filtered(query_of(short), reference, Line(0.0, 1.0, 0.0), (0.0, 5.0)) is None


def played(notes: np.ndarray, partials: list[float], decay_s: float) -> Samples:
    """(n, voices) semitones above 220 Hz, each ``NOTES_S`` after the one before."""
    step, ring = int(NOTES_S * RATE), int(1.0 * RATE)
    sound = np.zeros(len(notes) * step + ring, np.float32)
    time_s = np.arange(ring) / RATE
    for number, chord in enumerate(notes):
        for semitone in chord:
            pitch = 220.0 * 2 ** (semitone / 12)
            tone = sum(level * np.sin(2 * np.pi * pitch * (n + 1) * time_s) for n, level in enumerate(partials))
            sound[number * step : number * step + ring] += (tone * np.exp(-time_s / decay_s)).astype(np.float32)
    return sound


@pytest.fixture(scope="module")
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


def reference_of(samples: Samples) -> Reference:
    return Reference(Fingerprinter.of_samples(samples).picture)


def test_partials_tell_a_copy_from_another_instrument(versions: dict[str, Samples]) -> None:
    reference = reference_of(versions["original"])
    apart = {}
    for name, samples in versions.items():
        pictures = matched.laid(query_of(samples), reference, Line(0.0, 1.0, 0.0))
        over = max(1.0, matched.overlay(pictures, 1.0, 38.0))
        apart[name] = matched.partials_apart(pictures, 1.0, 38.0) / over
    assert apart["original"] < 1e-3
    assert apart["mixed"] < SAME_PARTIALS
    assert apart["noisy"] < SAME_PARTIALS
    assert apart["arrangement"] > SIMILAR_PARTIALS
    assert apart["hollow"] > SIMILAR_PARTIALS


@pytest.mark.parametrize("semitones", [0.5, -1.3, 3.0])
def test_a_moved_copy_keeps_its_partials(versions: dict[str, Samples], semitones: float) -> None:
    """Between two rows a query takes a little of both, which is not another instrument."""
    samples, ratio = versions["original"], 2 ** (semitones / 12)
    at = np.arange(0, len(samples) - 1, ratio)
    faster = np.interp(at, np.arange(len(samples)), samples).astype(np.float32)
    pictures = matched.laid(query_of(faster), reference_of(samples), Line(0.0, ratio, semitones))
    assert matched.partials_apart(pictures, 2.0, 30.0) < SAME_PARTIALS


def test_a_loop_stands_out_although_it_agrees_with_itself_elsewhere(versions: dict[str, Samples]) -> None:
    """The repeats of a loop are no measure of chance: a looped copy stands out as one does that never repeats."""
    once = versions["original"][: 8 * RATE]
    other = played(np.random.default_rng(9).integers(0, 30, (130, 2)), [1.0, 0.5, 0.3, 0.2], 0.3)
    looped = np.concatenate([once, other[: 8 * RATE], once, other[8 * RATE : 24 * RATE], once])
    asked = under(once, pink_noise(len(once), 5), 0.0)
    alone = matched.filtered(query_of(asked), reference_of(np.concatenate([once, other])), Line(0.0, 1.0, 0.0), (0, 8))
    among = matched.filtered(query_of(asked), reference_of(looped), Line(0.0, 1.0, 0.0), (0, 8))
    assert alone is not None
    assert among is not None
    assert among.deviations > 0.8 * alone.deviations


def test_the_filter_believes_a_masked_copy_and_not_an_arrangement(versions: dict[str, Samples]) -> None:
    reference, line = reference_of(versions["original"]), Line(0.0, 1.0, 0.0)
    believed = {
        name: by_filter(query_of(versions[name]), reference, line, 20.0, None, trials=1e4, limit=1e-4)
        for name in ("mixed", "arrangement")
    }
    assert believed["mixed"] is not None
    assert believed["arrangement"] is None


def test_the_same_notes_on_another_instrument_are_not_reported(versions: dict[str, Samples]) -> None:
    index = FingerprintIndex()
    index.add(1, Fingerprinter.of_samples(versions["original"]))
    reported = {name: bool(index.search(Fingerprinter.of_samples(samples))) for name, samples in versions.items()}
    assert reported == {"original": True, "mixed": True, "noisy": True, "arrangement": False, "hollow": False}


def test_unchanged_lines_are_believed_alike_in_any_catalog() -> None:
    small, large = (log10_probability_of_filter(6.0, trials, 1.0, unchanged=True) for trials in (1e5, 1e8))
    assert small == large < -4
    assert log10_probability_of_filter(6.0, 1e5, 1.0, unchanged=False) > -4
    assert log10_probability_of_filter(6.0, 1e5, 100.0, unchanged=True) > small
