"""How steadily a match keeps time."""

import numpy as np
import pytest

from catalog.engine import Fingerprinter, FingerprintIndex
from catalog.engine.alignment import correlation
from catalog.engine.alignment.line import Line
from catalog.engine.verification import tempo_stability
from catalog.engine.verification.limits import LIMITS
from catalog.engine.verification.tempo_stability import Blocks
from tests.alterations import RATE, Samples, another_performance, another_tempo, faster, noisy, without
from tests.engine.made_music import beside, pink_noise, under

pytestmark = pytest.mark.slow
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


def blocks_of(asked: Samples, held: Samples) -> Blocks:
    pair, line = beside(asked, held), Line(0.0, 1.0, 0.0)
    seconds = len(asked) / RATE
    found = correlation.filtered(pair, line, (0.0, seconds))
    assert found is not None
    places_s = np.arange(0.5, seconds - 1.0, 0.25, dtype=np.float32)
    return tempo_stability.of_pictures(pair.aligned(line), places_s, found.deviation)


def wobble_of(asked: Samples, held: Samples) -> float | None:
    return tempo_stability.off_line_s(blocks_of(asked, held))


def test_a_copy_keeps_time_and_a_second_performance_does_not(tune: Samples) -> None:
    copy = wobble_of(under(tune, pink_noise(len(tune), 3), -6.0), tune)
    played_again = wobble_of(another_performance(tune), tune)
    assert copy is not None
    assert copy < LIMITS.steady_s / 2
    assert played_again is not None
    assert played_again > LIMITS.steady_s


def test_a_cut_is_a_copy_from_block_to_block(tune: Samples) -> None:
    cut = blocks_of(without(tune, 17.0, 0.2), tune)
    assert (tempo_stability.off_line_s(cut) or 0.0) > LIMITS.steady_s
    course = tempo_stability.off_course_s(cut)
    assert course is not None
    assert course < LIMITS.steady_course_s / 2
    assert (
        tempo_stability.off_course_s(blocks_of(another_performance(tune), tune)) or 0.0
    ) > 2 * LIMITS.steady_course_s
    assert tempo_stability.off_course_s(blocks_of(tune[: 12 * RATE], tune)) is None


def test_copies_that_were_cut_or_bent_are_found(tune: Samples) -> None:
    """Half a minute of each, in which no straight line holds."""
    piece, half = tune[: 30 * RATE], 15 * RATE
    copies = {
        "cut": without(piece, 14.0, 0.25),
        "two speeds": np.concatenate([faster(piece[:half], 1.02), piece[half:]]),
        "two tempos": np.concatenate([another_tempo(piece[:half], 1.03), piece[half:]]),
    }
    index = FingerprintIndex()
    index.add(1, Fingerprinter.of_samples(tune))
    for name, copy in copies.items():
        found = index.search(Fingerprinter.of_samples(copy))
        assert [(match.track_id, match.verdict) for match in found] == [(1, "duplicate")], name
    assert not index.search(Fingerprinter.of_samples(another_performance(piece)))


def by_moments(asked: Samples, held: Samples) -> float | None:
    places_s = np.arange(1.0, len(asked) / RATE - 1.0, 0.25, dtype=np.float32)
    blocks = tempo_stability.of_moments(beside(asked, held), Line(0.0, 1.0, 0.0), places_s)
    return tempo_stability.off_line_s(blocks) if blocks is not None else None


def test_moments_tell_a_second_performance_too(tune: Samples) -> None:
    copy, played_again = by_moments(noisy(tune, 20), tune), by_moments(another_performance(tune), tune)
    assert copy is not None
    assert copy < LIMITS.steady_by_moments_s
    assert played_again is not None
    assert played_again > LIMITS.steady_by_moments_s


def test_slow_chords_are_neither_early_nor_late() -> None:
    """Under noise the pictures place them anywhere, and the moments know that they cannot."""
    samples = pads(10)
    masked = under(samples, pink_noise(len(samples), 3), -20.0)
    assert (wobble_of(masked, samples) or 0.0) > LIMITS.steady_s
    assert by_moments(masked, samples) == 0.0


def test_too_little_says_nothing_about_time(tune: Samples) -> None:
    assert wobble_of(tune[: 12 * RATE], tune) is None
    assert wobble_of(pink_noise(40 * RATE, 3), tune) is None
    assert by_moments(tune[: 12 * RATE], tune) is None


@pytest.mark.parametrize("seconds", [0.5, 1.5, 2.5, 5.0])
def test_what_is_shorter_than_a_block_says_nothing_about_time(tune: Samples, seconds: float) -> None:
    pictures = beside(tune[: 10 * RATE], tune).aligned(Line(0.0, 1.0, 0.0))
    blocks = tempo_stability.of_pictures(pictures, np.arange(0.5, 0.5 + seconds, 0.25, dtype=np.float32), 1.0)
    assert tempo_stability.off_line_s(blocks) is None
    assert tempo_stability.off_course_s(blocks) is None


def test_a_noisy_copy_of_slow_chords_is_found() -> None:
    samples = pads(10)
    index = FingerprintIndex()
    index.add(1, Fingerprinter.of_samples(samples))
    found = index.search(Fingerprinter.of_samples(under(samples, pink_noise(len(samples), 3), -20.0)))
    assert [(match.track_id, match.verdict) for match in found] == [(1, "duplicate")]


@pytest.mark.parametrize(
    ("noise_db", "by_pictures", "by_moments", "believed"),
    [
        (-15, 2 * LIMITS.steady_s, 0.004, True),
        (-15, 2 * LIMITS.steady_s, 0.0, True),
        (-15, 2 * LIMITS.steady_s, 0.012, False),
        (-15, 2 * LIMITS.steady_s, None, False),
        (-15, None, 0.012, True),
        (-15, None, None, True),
        (-15, None, 2 * LIMITS.steady_s, False),
        (12, None, 2 * LIMITS.steady_s, True),
        (-15, 0.015, 0.012, False),
        (12, 0.015, 0.012, True),
        (12, 2 * LIMITS.steady_s, 0.012, False),
    ],
)
def test_who_strays_is_no_copy(
    tune: Samples,
    monkeypatch: pytest.MonkeyPatch,
    noise_db: float,
    by_pictures: float | None,
    by_moments: float | None,
    *,
    believed: bool,
) -> None:
    """By both ways, or by moments alone where the pictures say nothing; what noise moves is allowed more."""
    pictures, moments = np.array([1.0]), np.array([2.0])
    monkeypatch.setattr(tempo_stability, "of_pictures", lambda *_: Blocks(pictures, pictures, pictures))
    monkeypatch.setattr(tempo_stability, "of_moments", lambda *_: Blocks(moments, moments, moments))
    monkeypatch.setattr(
        tempo_stability, "off_line_s", lambda blocks: by_pictures if blocks.moved_s is pictures else by_moments
    )
    monkeypatch.setattr(tempo_stability, "off_course_s", lambda _: None)
    index = FingerprintIndex()
    index.add(1, Fingerprinter.of_samples(tune))
    assert bool(index.search(Fingerprinter.of_samples(noisy(tune, -noise_db)))) == believed
