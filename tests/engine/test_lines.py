"""A line fitted again over a copy, and the pitch measured on it: on copies whose line is known."""

import math

import numpy as np
import pytest

from catalog.engine.alignment.fit import refit
from catalog.engine.alignment.line import Line
from catalog.engine.alignment.pitch import PLACES, measured
from tests.alterations import AUDIO, RATE, Samples, another_pitch, faster, sound
from tests.engine.made_music import beside, pink_noise

START_S, LENGTH_S = 6.0, 24.0
TRUE = Line(START_S, 1.0, 0.0)
ANCHOR_S = 12.0


def part(samples: Samples, start_s: float, end_s: float) -> Samples:
    return samples[int(start_s * RATE) : int(end_s * RATE)]


@pytest.fixture(scope="module")
def song() -> Samples:
    return sound(AUDIO / "mountain.mp3")


@pytest.fixture(scope="module")
def copy(song: Samples) -> Samples:
    return part(song, START_S, START_S + LENGTH_S)


def refitted(asked: Samples, held: Samples, guess: Line, reach_s: float = LENGTH_S) -> Line:
    return refit(beside(asked, held), guess, ANCHOR_S, reach_s)


@pytest.mark.parametrize("guess", [Line(6.1, 1.0, 0.0), Line(5.85, 1.006, 0.0), Line(6.15, 0.994, 0.0)])
def test_a_line_that_is_a_little_off_is_put_right(copy: Samples, song: Samples, guess: Line) -> None:
    found = refitted(copy, song, guess)
    assert found.offset_s == pytest.approx(TRUE.offset_s, abs=0.01)
    assert found.tempo_ratio == pytest.approx(1.0, abs=0.0005)


def test_a_copy_at_another_speed_is_followed(copy: Samples, song: Samples) -> None:
    speed = 1.04
    pitch = 12 * math.log2(speed)
    found = refitted(faster(copy, speed), song, Line(START_S + 0.1, speed - 0.006, pitch))
    assert found.tempo_ratio == pytest.approx(speed, abs=0.001)
    assert found.offset_s == pytest.approx(START_S, abs=0.03)
    assert found.pitch_semitones == pitch


def test_a_third_that_is_other_music_moves_nothing(copy: Samples, song: Samples) -> None:
    noise = pink_noise(len(copy) // 3, 2) * copy.std()
    found = refitted(
        np.concatenate([copy[: 2 * len(copy) // 3], noise.astype(np.float32)]), song, Line(6.1, 1.003, 0.0)
    )
    assert found.offset_s == pytest.approx(START_S, abs=0.02)
    assert found.tempo_ratio == pytest.approx(1.0, abs=0.001)


def test_a_quarter_that_lies_later_does_not_bend_the_line(copy: Samples, song: Samples) -> None:
    """Blocks that lie off the line hardly count once the others are placed."""
    cut = 3 * len(copy) // 4
    asked = np.concatenate([copy[:cut], copy[cut - int(0.3 * RATE) :]])
    found = refitted(asked, song, Line(6.05, 1.0, 0.0))
    assert found.offset_s + ANCHOR_S * found.tempo_ratio == pytest.approx(START_S + ANCHOR_S, abs=0.03)
    assert found.tempo_ratio == pytest.approx(1.0, abs=0.002)


def test_only_what_is_within_reach_is_looked_at(copy: Samples, song: Samples) -> None:
    """The second half lies 0.2 s later: it does not count while the fit looks no further than the first."""
    half = len(copy) // 2
    asked = np.concatenate([copy[:half], copy[half - int(0.2 * RATE) :]])
    near = refit(beside(asked, song), Line(6.05, 1.0, 0.0), 5.0, 5.0)
    assert near.offset_s + 5.0 * near.tempo_ratio == pytest.approx(START_S + 5.0, abs=0.01)
    far = refit(beside(asked, song), Line(6.05, 1.0, 0.0), 5.0, LENGTH_S)
    assert abs(far.offset_s + 20.0 * far.tempo_ratio - 26.0) > 0.05


def test_a_line_is_left_where_the_tempo_would_change_too_much(copy: Samples, song: Samples) -> None:
    """So much is no correction of one line: they are two pieces of an edit, or another line."""
    guess = Line(START_S - 0.02 * ANCHOR_S, 1.02, 0.0)
    assert refitted(copy, song, guess) == guess


def test_a_line_is_left_where_too_little_is_looked_at_or_agrees(copy: Samples, song: Samples) -> None:
    guess = Line(6.1, 1.0, 0.0)
    assert refitted(copy, song, guess, reach_s=0.3) == guess
    silence = np.zeros(len(copy), np.float32)
    assert refitted(silence, song, guess) == guess


def pitch_of(asked: Samples, held: Samples, line: Line, similarity: np.ndarray | None = None) -> float:
    pair = beside(asked, held)
    places_s = np.arange(2.0, len(asked) / RATE - 2.0, 0.256, dtype=np.float32)
    agreed = np.linspace(1.0, 0.9, len(places_s)) if similarity is None else similarity[: len(places_s)]
    found = measured(pair, line, places_s, agreed)
    assert (found.offset_s, found.tempo_ratio) == (line.offset_s, line.tempo_ratio)
    return found.pitch_semitones


@pytest.mark.parametrize(("semitones", "guess"), [(0.3, 0.0), (-0.7, -0.5), (2.3, 2.0), (-3.2, -3.0)])
def test_the_pitch_is_measured_to_a_tenth_of_a_semitone(
    copy: Samples, song: Samples, semitones: float, guess: float
) -> None:
    assert pitch_of(another_pitch(copy, semitones), song, Line(START_S, 1.0, guess)) == pytest.approx(
        semitones, abs=0.08
    )


def test_an_unchanged_copy_has_its_own_pitch_whatever_was_guessed(copy: Samples, song: Samples) -> None:
    for guess in (0.0, 0.5, 4.0):
        assert pitch_of(copy, song, Line(START_S, 1.0, guess)) == pytest.approx(0.0, abs=0.03)


def test_a_copy_on_a_faster_tape_is_as_much_higher(copy: Samples, song: Samples) -> None:
    for speed in (0.92, 1.08):
        guess = Line(START_S, speed, 0.0)
        assert pitch_of(faster(copy, speed), song, guess) == pytest.approx(12 * math.log2(speed), abs=0.05)


def test_the_most_similar_places_alone_say_the_pitch(copy: Samples, song: Samples) -> None:
    """One half is a semitone higher: the pitch is that of the half that agrees."""
    half = len(copy) // 2
    asked = np.concatenate([copy[:half], another_pitch(copy[half:], 0.8)])
    similarity = np.zeros(200)
    similarity[: PLACES + 1] = 1.0
    assert pitch_of(asked, song, TRUE, similarity) == pytest.approx(0.0, abs=0.05)
    other = np.zeros(200)
    other[44:] = 1.0
    assert pitch_of(asked, song, TRUE, other) == pytest.approx(0.8, abs=0.15)
