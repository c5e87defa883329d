"""What tells the recording itself from the same notes on other instruments."""

from dataclasses import replace

import numpy as np
import pytest

from catalog.engine import Fingerprinter, FingerprintIndex, Wanted
from catalog.engine.alignment.comparison import NEAR_COLUMNS, AlignedPictures
from catalog.engine.alignment.line import Line
from catalog.engine.features.spectrogram import Floats
from catalog.engine.verification import decision, timbre
from catalog.engine.verification import path as paths
from catalog.engine.verification.limits import LIMITS
from tests.alterations import Samples
from tests.engine.made_music import beside, played

pytestmark = pytest.mark.slow
PLACES_S = np.arange(1.0, 38.0, 0.25, dtype=np.float32)


def on_one_line(asked: Samples, held: Samples, line: Line) -> tuple[AlignedPictures, float]:
    pair = beside(asked, held)
    pictures = pair.aligned(line)
    places_s = PLACES_S[PLACES_S * line.tempo_ratio < 36]
    return pictures, timbre.strangeness(pictures, places_s, timbre.masking(pair, pictures, places_s))


def test_a_copy_is_told_from_another_instrument(versions: dict[str, Samples]) -> None:
    strange = {
        name: on_one_line(samples, versions["original"], Line(0.0, 1.0, 0.0))[1] for name, samples in versions.items()
    }
    assert strange["original"] < 0.01
    assert strange["mixed"] < LIMITS.same_sound
    assert strange["noisy"] < LIMITS.same_sound
    assert strange["arrangement"] > LIMITS.similar_sound
    assert strange["hollow"] > LIMITS.similar_sound


@pytest.mark.parametrize("semitones", [0.5, -1.3, 3.0])
def test_a_moved_copy_is_the_same_sound(versions: dict[str, Samples], semitones: float) -> None:
    """Between two rows a query takes a little of both, which is not another instrument."""
    samples, ratio = versions["original"], 2 ** (semitones / 12)
    at = np.arange(0, len(samples) - 1, ratio)
    faster = np.interp(at, np.arange(len(samples)), samples).astype(np.float32)
    assert on_one_line(faster, samples, Line(0.0, ratio, semitones))[1] < LIMITS.same_sound


def kept_of(pictures: AlignedPictures) -> float:
    held = pictures.held[NEAR_COLUMNS:][: len(pictures.asked)]
    return timbre.levels_kept(pictures.asked_db, pictures.held_db, held > timbre.STRONG)


def test_a_filtered_copy_keeps_its_levels_and_other_decays_do_not() -> None:
    notes, partials = np.random.default_rng(8).integers(0, 30, (160, 2)), [1.0, 0.5, 0.3, 0.2]
    original, plucked = played(notes, partials, 0.4), played(notes, partials, 0.08)
    spectrum = np.fft.rfft(original)
    filtered = np.fft.irfft(spectrum * np.linspace(4.0, 0.1, len(spectrum)), len(original)).astype(np.float32)
    kept = {
        name: kept_of(on_one_line(samples, original, Line(0.0, 1.0, 0.0))[0])
        for name, samples in (("filtered", filtered), ("plucked", plucked))
    }
    assert kept["filtered"] > 0.95
    assert kept["plucked"] < 0.8


def test_what_is_louder_as_a_whole_is_no_other_sound() -> None:
    """Columns swell where something lies on top or went with its channel; cells that do are other instruments."""
    random = np.random.default_rng(5)
    held, cells = random.normal(0, 6, (124, 56)), np.ones((124, 56), bool)
    swelling = random.normal(0, 6, 124)
    scattered = random.permuted(np.tile(swelling, (56, 1)).T, axis=0)
    kept = {
        name: timbre.levels_kept((held + more).astype(np.float32), held.astype(np.float32), cells)
        for name, more in (
            ("columns", swelling[:, None]),
            ("cells", scattered),
        )
    }
    assert kept["columns"] > 0.99
    assert kept["cells"] < 0.6


@pytest.mark.parametrize("columns", [1, 3, 40])
def test_levels_that_cannot_be_compared_say_nothing(columns: int) -> None:
    silence: Floats = np.zeros((columns, 56), np.float32)
    assert timbre.levels_kept(silence, silence, silence > 1) == timbre.USUALLY_KEPT


def test_the_same_notes_on_another_instrument_are_not_reported(versions: dict[str, Samples]) -> None:
    index = FingerprintIndex()
    index.add(1, Fingerprinter.of_samples(versions["original"]))
    reported = {name: bool(index.search(Fingerprinter.of_samples(samples))) for name, samples in versions.items()}
    assert reported == {"original": True, "mixed": True, "noisy": True, "arrangement": False, "hollow": False}


def test_close_moments_are_asked_about_their_sound_too() -> None:
    """Single moments agree as closely as those of a copy, but partials and decays are other ones."""
    notes = np.random.default_rng(8).integers(0, 30, (160, 2))
    original, other = played(notes, [1.0, 0.5, 0.3, 0.2], 0.4), played(notes, [0.3, 1.0, 0.2, 0.8], 0.15)
    assert paths.along(beside(other, original), Line(0.0, 1.0, 0.0)).best_similarity > LIMITS.close
    index = FingerprintIndex()
    index.add(1, Fingerprinter.of_samples(original))
    query = Fingerprinter.of_samples(other)
    [match] = index.find(query, wanted=Wanted(related=True)).matches
    assert (match.verdict, match.relation) == ("none", "related")
    assert match.sounds_otherwise
    assert not match.strays


@pytest.mark.parametrize(("semitones", "limit"), [(0.0, LIMITS.close_sound), (0.3, LIMITS.close_sound), (5.5, np.inf)])
def test_close_moments_at_another_pitch_are_not(versions: dict[str, Samples], semitones: float, limit: float) -> None:
    path = paths.along(beside(versions["original"], versions["original"]), Line(0.0, 1.0, 0.0))
    moved = replace(path, line=replace(path.line, pitch_semitones=semitones))
    assert decision._strangest(moved) == limit
    assert decision._strangest(replace(moved, similarity=moved.similarity - 0.5)) == LIMITS.similar_sound


def test_what_chance_adds_is_taken_off() -> None:
    """A short stretch under noise: the correlations at other moves are not zero, but no other instrument's either."""
    apart = []
    for seed in range(20):
        chance = np.random.default_rng(seed)
        held, over = chance.standard_normal((2, 40, 56)).astype(np.float32)
        apart.append(timbre.partials_apart(0.3 * held + over, held, 0.0))
    assert np.mean(apart) < 0.03


@pytest.mark.parametrize("name", ["arrangement", "hollow"])
def test_other_instruments_are_related_and_no_copy(versions: dict[str, Samples], name: str) -> None:
    index = FingerprintIndex()
    index.add(1, Fingerprinter.of_samples(versions["original"]))
    query = Fingerprinter.of_samples(versions[name])
    assert index.search(query) == []
    [match] = index.find(query, wanted=Wanted(related=True)).matches
    assert (match.track_id, match.relation, match.is_duplicate) == (1, "related", False)
