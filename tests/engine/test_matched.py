"""What the matched filter tells apart: masked copies, other music, other arrangements of the same notes."""

import numpy as np
import pytest

from catalog.engine import Fingerprinter, FingerprintIndex, matched
from catalog.engine.alignment import Line, Reference
from catalog.engine.proving import OVERLAID, by_filter
from catalog.engine.query import Query
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


def test_what_lies_over_a_copy_tells_it_from_another_arrangement() -> None:
    chance = np.random.default_rng(8)
    notes, other_notes = (chance.integers(0, 30, (160, 2)) for _ in range(2))
    original = played(notes, [1.0, 0.5, 0.3, 0.2], 0.3)
    arrangement = played(notes, [0.2, 0.1, 1.0, 0.0, 0.6], 0.12)
    mixed = under(original, played(other_notes[:, :1], [1.0, 0.7, 0.5, 0.5, 0.4, 0.3, 0.3], 0.1), 6.0)
    reference = Reference(Fingerprinter.of_samples(original).picture)
    told = {}
    for name, samples in (("arrangement", arrangement), ("mixed", mixed)):
        pictures = matched.laid(query_of(samples), reference, Line(0.0, 1.0, 0.0))
        told[name] = matched.overlay(pictures, 1.0, 38.0)
    assert told["arrangement"] < OVERLAID < told["mixed"]


def test_the_filter_believes_a_masked_copy_and_not_an_arrangement() -> None:
    chance = np.random.default_rng(8)
    notes, other_notes = (chance.integers(0, 30, (160, 2)) for _ in range(2))
    original = played(notes, [1.0, 0.5, 0.3, 0.2], 0.3)
    reference = Reference(Fingerprinter.of_samples(original).picture)
    believed = {}
    for name, samples in (
        ("arrangement", played(notes, [0.2, 0.1, 1.0, 0.0, 0.6], 0.12)),
        ("mixed", under(original, played(other_notes[:, :1], [1.0, 0.7, 0.5, 0.5, 0.4, 0.3, 0.3], 0.1), 6.0)),
    ):
        line = Line(0.0, 1.0, 0.0)
        believed[name] = by_filter(query_of(samples), reference, line, 20.0, None, trials=1e4, limit=1e-4)
    assert believed["mixed"] is not None
    assert believed["arrangement"] is None
