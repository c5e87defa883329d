"""The words of a match, each on real audio that was altered so: what is measured is said, and nothing else."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from django.contrib.auth.models import User

from catalog.models import Job, Match, Track
from catalog.services.match_words import alterations, headline, relation_words
from catalog.services.tasks import work
from catalog.services.tasks.accepting import accept_job
from catalog.services.tasks.announcing import matches_of
from tests.alterations import (
    AUDIO,
    RATE,
    Samples,
    another_pitch,
    another_tempo,
    equalised,
    faster,
    noisy,
    sound,
    through_filters,
    without,
    write,
)
from tests.rows import make_audio_file, make_copy, make_match, make_track

Found = Callable[[Path, Path], Match]


@pytest.fixture
def found(add_track: Callable[..., Track]) -> Found:
    """Add the second file, check the first one, and return the match."""

    def find(a: Path, b: Path) -> Match:
        reference = add_track(b)
        work.run(accept_job(track=reference, owner=reference.owner, task_name=Job.Name.ADD).pk)
        query = add_track(a)
        job = accept_job(track=query, owner=query.owner, task_name=Job.Name.CHECK)
        work.run(job.pk)
        both = ("query_track__audio_file", "reference_track__audio_file")
        return Match.objects.select_related(*both).get(job=job)

    return find


def song() -> Samples:
    return sound(AUDIO / "hill-of-sorrows.mp3")


def over(samples: Samples) -> Samples:
    """Lay other music over it, as loud as itself."""
    other = np.resize(sound(AUDIO / "boss-attack.ogg"), len(samples))
    return samples + other * np.float32(samples.std() / other.std())


def swapped(samples: Samples) -> Samples:
    half = len(samples) // 2
    return np.concatenate([samples[half:], samples[:half]])


def looped(samples: Samples) -> Samples:
    piece = samples[5 * RATE : 17 * RATE]
    return np.concatenate([piece, piece])


ALTERED: dict[str, tuple[Callable[[Samples], Samples], list[str]]] = {
    "faster": (lambda s: faster(s, 1.06), ["sped up 6 %"]),
    "slower": (lambda s: faster(s, 0.96), ["slowed 4 %"]),
    "higher": (lambda s: another_pitch(s, 2.0), ["pitched up 2 semitones"]),
    "lower": (lambda s: another_pitch(s, -1.0), ["pitched down 1 semitone"]),
    "another tempo": (lambda s: another_tempo(s, 1.08), ["tempo changed: 8 % faster"]),
    "other music over it": (over, ["something over it"]),
    "cut": (lambda s: without(s, 10.0, 6.0), ["cut"]),
    "looped": (looped, ["looped"]),
    "halves swapped": (swapped, ["halves swapped"]),
    "equalised": (equalised, []),
    "softer": (lambda s: s * np.float32(0.5), []),
    "a little noise": (lambda s: noisy(s, 25.0), []),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", ALTERED)
def test_each_alteration_in_words(found: Found, tmp_path: Path, name: str) -> None:
    alter, words = ALTERED[name]
    original = write(tmp_path / "original.wav", song() * 0.5, codec="pcm_s16le")
    altered = write(tmp_path / "altered.wav", alter(song() * 0.5), codec="pcm_s16le")
    match = found(altered, original)
    assert alterations(match) == words, (match.tempo_ratio, match.pitch_semitones, match.similarity, match.segments)


@pytest.mark.slow
def test_re_encoded(found: Found, tmp_path: Path) -> None:
    coded = write(tmp_path / "a.mp3", song(), codec="libmp3lame", bit_rate=32_000)
    match = found(coded, AUDIO / "hill-of-sorrows.mp3")
    assert "re-encoded" in alterations(match)
    assert headline(match).startswith("The same recording as “hill-of-sorrows”")


@pytest.mark.slow
def test_band_limited(found: Found, tmp_path: Path) -> None:
    dull = through_filters(song(), *[("lowpass", "f=3400:p=2")] * 8)
    match = found(write(tmp_path / "a.wav", dull, codec="pcm_s16le"), AUDIO / "hill-of-sorrows.mp3")
    words = alterations(match)
    assert words[0] == "re-encoded"
    assert words[1].startswith("band-limited to "), words
    assert 2.5 < float(words[1].split()[2]) < 7
    told = matches_of(Job.objects.get(task_name=Job.Name.CHECK))
    assert words[1] in told[0]["alteration"]["words"], "the task itself said it"


def test_nothing_is_said_that_is_not_known(owner: User) -> None:
    unknown = {"cutoff_hz": None, "bit_rate": None}
    tracks = [make_track(owner, audio_file=make_audio_file(**unknown)) for _ in range(2)]
    assert alterations(make_copy(*tracks, similarity=None)) == []
    gone = make_copy(make_track(owner, audio_file=None), tracks[1], tempo_ratio=1.06, pitch_semitones=1.0)
    assert alterations(gone) == ["sped up 6 %"]


@pytest.mark.parametrize(
    ("values", "long", "short"),
    [
        ({"relation": "identical"}, "The same audio as “B”", "The same audio"),
        ({"relation": "same"}, "The same recording as “B”", "The same recording"),
        (
            {"relation": "excerpt", "reference_start_s": 64.0, "reference_end_s": 94.0},
            "An excerpt of “B”, from 1:04 to 1:34",
            "An excerpt, 1:04 to 1:34",
        ),
        (
            {"relation": "contains", "query_start_s": 730.0, "reference_coverage": 0.98},
            "Contains all of “B”, from 12:10",
            "Contains all of it, from 12:10",
        ),
        (
            {"relation": "contains", "query_start_s": 730.0, "reference_coverage": 0.84},
            "Contains 84 % of “B”, from 12:10",
            "Contains 84 % of it, from 12:10",
        ),
        (
            {"relation": "overlap", "verdict": "contains", "query_coverage": 0.31},
            "Shares 31 % with “B”, from 0:00",
            "Shares 31 %, from 0:00",
        ),
        (
            {"relation": "related", "verdict": "none"},
            "Perhaps another performance of “B”; never a duplicate",
            "Perhaps another performance",
        ),
    ],
)
def test_each_relation_in_words(owner: User, values: dict[str, object], long: str, short: str) -> None:
    match = make_copy(make_track(owner, title="A"), make_track(owner, title="B"), **values)
    assert (headline(match), relation_words(match)) == (long, short)


def test_the_same_bytes_are_the_same_file(owner: User) -> None:
    file = make_audio_file()
    match = make_match(
        make_track(owner, audio_file=file), make_track(owner, title="B", audio_file=file), relation="identical"
    )
    assert headline(match) == "The same file as “B”"


def test_a_long_title_is_cut(owner: User) -> None:
    match = make_copy(make_track(owner), make_track(owner, title="x" * 200))
    assert headline(match) == f"The same recording as “{'x' * 59}…”"
