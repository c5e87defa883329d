"""What is recognised, what is not, and how exactly: real recordings, altered."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from catalog.engine import Fingerprint, Fingerprinter, FingerprintIndex, Match
from catalog.engine.verification.limits import LIMITS
from tests.alterations import (
    RATE,
    Samples,
    another_performance,
    another_pitch,
    another_tempo,
    equalised,
    faster,
    noisy,
    write,
)
from tests.some import some

pytestmark = pytest.mark.slow
START_S, LENGTH_S = 5, 15
RECALL_FLOOR = 0.75  # of the asked songs, for each alteration; the bench asks for more on more music
ASKED = range(0, 11, 3)


def ask(index: FingerprintIndex, samples: Samples) -> list[Match]:
    """Search for a sound."""
    return index.search(Fingerprinter.of_samples(samples.astype(np.float32)))


def excerpt(sounds: list[Samples], number: int, length_s: float = LENGTH_S) -> Samples:
    """A piece of a song, from ``START_S``."""
    return sounds[number][START_S * RATE : int((START_S + length_s) * RATE)]


@pytest.mark.parametrize(
    ("alter", "tempo", "pitch"),
    [
        (lambda x: x, 1, 0),
        (equalised, 1, 0),
        (lambda x: noisy(x, 5), 1, 0),
        (lambda x: np.clip(x * 8, -0.5, 0.5), 1, 0),
        (lambda x: faster(x, 1.06), 1.06, 1.01),
        (lambda x: faster(x, 0.8), 0.8, -3.86),
        (lambda x: faster(x, 1.3), 1.3, 4.54),
        (lambda x: another_tempo(x, 0.75), 0.75, 0),
        (lambda x: another_tempo(x, 1.1), 1.1, 0),
        (lambda x: another_tempo(x, 1.35), 1.35, 0),
        (lambda x: another_pitch(x, -5), 1, -5),
        (lambda x: another_pitch(x, 3.5), 1, 3.5),
    ],
    ids=[
        "plain",
        "eq",
        "noise",
        "clip",
        "speed1.06",
        "speed0.8",
        "speed1.3",
        "tempo0.75",
        "tempo1.1",
        "tempo1.35",
        "pitch-5",
        "pitch+3.5",
    ],
)
def test_altered_copies_are_found_and_measured(
    index: FingerprintIndex, sounds: list[Samples], alter: Callable[[Samples], Samples], tempo: float, pitch: float
) -> None:
    found, errors_s = [], []
    for number in ASKED:
        matches = ask(index, alter(excerpt(sounds, number)))
        found.append(bool(matches) and matches[0].track_id == number and matches[0].is_duplicate)
        if found[-1]:
            best = matches[0]
            middle_s = LENGTH_S / tempo / 2
            errors_s.append(abs(best.offset_s + middle_s * best.tempo_ratio - START_S - LENGTH_S / 2))
            assert best.tempo_ratio == pytest.approx(tempo, rel=0.01)
            assert best.pitch_semitones == pytest.approx(pitch, abs=0.3)
            assert best.query_coverage > 0.8
    assert np.mean(found) >= RECALL_FLOOR
    assert np.median(errors_s) < 0.1  # a time stretcher moves single songs by more


@pytest.mark.parametrize(
    ("name", "codec", "rate", "bit_rate"),
    [("a.mp3", "libmp3lame", RATE, 32_000), ("a.opus", "libopus", 48_000, 16_000), ("a.m4a", "aac", 44_100, 48_000)],
)
def test_other_codecs_are_found(
    tmp_path: Path, index: FingerprintIndex, sounds: list[Samples], name: str, codec: str, rate: int, bit_rate: int
) -> None:
    path = write(tmp_path / name, excerpt(sounds, 1), codec=codec, rate=rate, bit_rate=bit_rate)
    best = index.search(Fingerprinter().fingerprint(path))[0]
    assert (best.track_id, best.verdict) == (1, "duplicate")
    assert best.offset_s == pytest.approx(START_S, abs=0.1)


def test_a_stricter_limit_believes_less(index: FingerprintIndex, sounds: list[Samples]) -> None:
    query = Fingerprinter.of_samples(noisy(excerpt(sounds, 1), 5).astype(np.float32))
    best = index.search(query)[0]
    assert index.search(query, false_accept_limit=best.false_accept_probability / 10) == []
    assert index.search(query, false_accept_limit=best.false_accept_probability * 10)[0].track_id == 1


def test_no_song_is_found_in_the_others(index: FingerprintIndex, fingerprints: list[Fingerprint]) -> None:
    for number in range(0, len(fingerprints), 2):
        assert index.search(fingerprints[number], exclude={number}) == []


def test_a_second_performance_is_no_copy(index: FingerprintIndex, sounds: list[Samples]) -> None:
    refused = []
    for number in ASKED:
        copy = next(match for match in ask(index, noisy(sounds[number], 15)) if match.track_id == number)
        assert copy.wobble_s is not None
        assert copy.wobble_s < LIMITS.steady_s
        played = ask(index, another_performance(sounds[number]))
        refused.append(number not in [match.track_id for match in played])
    assert np.mean(refused) >= RECALL_FLOOR


@pytest.mark.parametrize("seconds", [5, 30])
def test_drones_noise_and_loops_are_found_nowhere(index: FingerprintIndex, seconds: int) -> None:
    time = np.arange(seconds * RATE) / RATE
    random = np.random.default_rng(3)
    drone = sum(np.sin(2 * np.pi * hertz * time) for hertz in (220, 277.2, 329.6, 440))
    beat = (time % 0.5 < 0.05) * random.standard_normal(len(time))
    for samples in (drone * 0.2, random.standard_normal(len(time)) * 0.1, beat, drone * 0.1 * (1 + np.sin(9 * time))):
        assert ask(index, samples.astype(np.float32)) == []


def test_drones_that_move_match_themselves_and_no_other(index: FingerprintIndex) -> None:
    """Too little to prove anything: the fingerprints of each are equal to the last level."""
    time = np.arange(6 * RATE) / RATE
    drones = {}
    for hertz in (196, 220, 262, 330, 392, 440, 523, 660):
        drone = 0.2 * (np.sin(2 * np.pi * hertz * time) + np.sin(2 * np.pi * (hertz + 2) * time))
        drones[hertz] = Fingerprinter.of_samples(drone.astype(np.float32))
        index.add(hertz, drones[hertz])
    found = {hertz: [match.track_id for match in index.search(drone)] for hertz, drone in drones.items()}
    assert {hertz: ids for hertz, ids in found.items() if ids not in ([], [hertz])} == {}
    assert len(list(filter(None, found.values()))) >= 6  # of two nothing is left once what stays is taken away


def test_an_excerpt_inside_other_music_is_contained(fingerprints: list[Fingerprint], sounds: list[Samples]) -> None:
    index = FingerprintIndex()
    for number in (0, 1, 2):
        index.add(number, fingerprints[number])
    mix = np.concatenate([sounds[5], sounds[6], excerpt(sounds, 1, 10), sounds[7], sounds[8]])
    before_s = (len(sounds[5]) + len(sounds[6])) / RATE

    best = ask(index, mix)[0]

    assert (best.track_id, best.verdict) == (1, "contains")
    assert best.offset_s == pytest.approx(START_S - before_s, abs=0.2)
    assert best.query_start_s == pytest.approx(before_s, abs=1.0)
    assert best.query_end_s == pytest.approx(before_s + 10, abs=1.0)


def test_long_silence_around_a_song_is_still_a_duplicate(index: FingerprintIndex, sounds: list[Samples]) -> None:
    silence = np.zeros(60 * RATE, np.float32)
    best = ask(index, np.concatenate([silence, sounds[4], silence]))[0]
    assert (best.track_id, best.verdict) == (4, "duplicate")
    assert best.offset_s == pytest.approx(-60, abs=0.1)
    assert best.reference_coverage > 0.9
    assert best.query_coverage > 0.9  # of what sounds


def test_swapped_halves_are_both_found(index: FingerprintIndex, sounds: list[Samples]) -> None:
    middle = len(sounds[0]) // 2
    best = ask(index, np.concatenate([sounds[0][middle:], sounds[0][:middle]]))[0]
    assert (best.track_id, best.verdict) == (0, "duplicate")
    assert best.query_coverage > 0.85
    assert len(best.segments) >= 2


def test_a_match_says_what_it_is(index: FingerprintIndex, sounds: list[Samples]) -> None:
    best = ask(index, faster(excerpt(sounds, 0), 1.06))[0]
    assert best.describe() == "The same recording, 6 % faster, pitch +1.0, from 0:05"
    assert best.false_accept_probability == pytest.approx(10**-best.score)
    assert len(best.similarity_curve) * best.similarity_step_s == pytest.approx(LENGTH_S / 1.06, abs=2)
    assert best.similarity_curve.mean() > 0.5


def test_weak_candidates_only_on_request(index: FingerprintIndex, fingerprints: list[Fingerprint]) -> None:
    weak = [
        match
        for number, fingerprint in enumerate(fingerprints)
        for match in index.search(fingerprint, exclude={number}, include_weak=True)
    ]
    assert all(match.verdict == "none" and not match.is_duplicate for match in some(weak))
    asked = {number for number, one in enumerate(fingerprints) if index.search(one, exclude={number})}
    assert asked == set()
