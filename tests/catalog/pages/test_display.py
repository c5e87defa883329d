"""The catalog's own words, and pictures in numbers."""

import pytest
from django.contrib.auth.models import User

from catalog.models import AudioFile
from catalog.presentation import wording
from catalog.presentation.plots import HEIGHT, MAX_POINTS, WIDTH, offset_plot, similarity_plot
from catalog.presentation.waveform import COLUMNS, thumbnail
from tests.rows import make_match, make_track
from tests.some import some


@pytest.mark.parametrize(
    ("probability", "words"),
    [
        (0.9, "1 in 2 or worse"),
        (0.01, "1 in 100"),
        (1.23e-4, "1 in 8 thousand"),
        (2.5e-8, "1 in 40 million"),
        (1e-10, "1 in 10 thousand million"),
        (0.0, "less than 1 in a million million"),
    ],
)
def test_chance(probability: float, words: str) -> None:
    assert wording.chance(probability) == words


@pytest.mark.parametrize(
    ("codec", "bit_rate", "words"),
    [("mp3float", 128000, "mp3 128 kbit/s"), ("pcm_s16le", 1411200, "wav 44.1 kHz"), ("flac", None, "flac 44.1 kHz")],
)
def test_format(codec: str, bit_rate: int | None, words: str) -> None:
    assert wording.audio_format(AudioFile(codec=codec, bit_rate=bit_rate, sample_rate_hz=44100)) == words


@pytest.mark.parametrize(("ratio", "words"), [(1.06, "6.0 % faster"), (0.94, "6.0 % slower"), (1.0005, "unchanged")])
def test_tempo(ratio: float, words: str) -> None:
    assert wording.tempo_words(ratio) == words


@pytest.mark.parametrize(
    ("semitones", "words"), [(1.0, "1.0 semitones higher"), (-0.5, "0.5 semitones lower"), (0.01, "unchanged")]
)
def test_pitch(semitones: float, words: str) -> None:
    assert wording.pitch_words(semitones) == words


def test_plots_stay_in_their_box(owner: User) -> None:
    match = make_match(
        make_track(owner),
        make_track(owner),
        segments=[[0, 10, 15, 25, 0.6], [10, 22, 2, 14, 0.5]],
        similarity_curve=[-0.2, 1.4] * 2000,
        similarity_step_s=0.01,
    )
    offsets = offset_plot(match, 30.0)
    assert len(offsets.lines) == 2
    assert all(0 <= x <= WIDTH for line in some(offsets.lines) for x in (line.x1, line.x2))
    assert all(0 <= y <= HEIGHT for line in some(offsets.lines) for y in (line.y1, line.y2))
    similarity = similarity_plot(match, 30.0)
    assert similarity is not None
    assert similarity.area.count("L") <= 2 * MAX_POINTS + 1


@pytest.mark.parametrize("length", [1, 10, COLUMNS, 5000])
def test_thumbnail(length: int) -> None:
    path = thumbnail(AudioFile(peaks=bytes([7]) * length))
    assert path.count("M") == min(COLUMNS, length)
    assert "v24.0" in path, "the loudest fills the height, however quiet the file"


def test_thumbnail_of_silence() -> None:
    assert "v1.0" in thumbnail(AudioFile(peaks=bytes(100)))
    assert thumbnail(AudioFile(peaks=b"")) == thumbnail(None) == ""


def test_pairs_past_the_limit_are_not_counted_exactly() -> None:
    assert wording.counted(9_999) == "9,999"
    assert wording.counted(10_000) == "10,000+"
