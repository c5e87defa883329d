"""What decoding leaves out of a file is stored, shown in words, found by a filter, and speaks against keeping it."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from django.contrib.auth.models import User
from django.test import Client

from catalog.models import AudioFile, Track
from catalog.models.audio_file import damaged_audio
from catalog.pages.reading import reading_words
from catalog.selectors.groups import group_of
from catalog.selectors.keeper import suggest_keeper, suggest_of
from catalog.services.audio.analysis import fingerprint_of
from tests.alterations import AUDIO, RATE, sound
from tests.engine.test_audio_tracks import write_tracks
from tests.rows import make_audio_file, make_check, make_copy, make_track

pytestmark = pytest.mark.slow
WHOLE = {"skipped_places": 0, "skipped_s": 0.0, "claimed_s": 30.0}
HOLED = {"skipped_places": 3, "skipped_s": 0.24, "claimed_s": 30.0}
CUT = {"skipped_places": 0, "skipped_s": 0.0, "claimed_s": 240.0}


def analysed(track: Track) -> AudioFile:
    fingerprint_of(track)
    return AudioFile.objects.get(pk=track.audio_file_id)


def test_what_was_left_out_is_stored_and_shown(add_track: Callable[..., Track], desk: Client) -> None:
    track = add_track(AUDIO.parent / "damaged_audio" / "alac_one_byte.m4a")
    assert track.audio_file is not None
    assert (track.audio_file.skipped_places, track.audio_file.is_damaged) == (None, False)
    file = analysed(track)
    assert (file.skipped_places, file.claimed_s) == (1, 12.0)
    assert file.skipped_s == pytest.approx(0.186, abs=0.001)
    said = "One place in the file could not be decoded and was left out, 0.2 s in all."
    assert said in desk.get(track.get_absolute_url()).content.decode()
    task = make_check(track)
    assert said in desk.get(f"/admin/catalog/job/{task.pk}/change/").content.decode()


def test_a_file_that_was_cut_short_says_what_it_promised(
    add_track: Callable[..., Track], forest: Path, tmp_path: Path, desk: Client
) -> None:
    data = forest.read_bytes()
    short = tmp_path / "short.mp3"
    short.write_bytes(data[: len(data) // 3])
    track = add_track(short)
    file = analysed(track)
    assert file.claimed_s == pytest.approx(30, abs=0.1)
    assert file.is_cut_short
    assert (
        "The file should have 0:30 of audio, but 0:10 could be read"
        in desk.get(track.get_absolute_url()).content.decode()
    )


def test_a_whole_file_says_nothing(add_track: Callable[..., Track], recordings: list[Path]) -> None:
    for path in recordings:
        file = analysed(add_track(path))
        assert (file.skipped_places, file.is_damaged, reading_words(file)) == (0, False, [])


def test_the_track_that_was_read_is_stored_and_said(
    add_track: Callable[..., Track], battle: Path, tmp_path: Path
) -> None:
    music = sound(battle)[: 6 * RATE]
    silent = write_tracks(tmp_path / "a.mp4", [np.zeros_like(music), music], default=0, codec="aac")
    assert reading_words(analysed(add_track(silent))) == [
        "The file has 2 audio tracks. This is track 2, because the default one, 1, is silent or cannot be read."
    ]
    second = write_tracks(tmp_path / "b.mp4", [music, music], default=1, codec="aac")
    assert reading_words(analysed(add_track(second))) == [
        "The file has 2 audio tracks. This is track 2, the default one."
    ]


@pytest.mark.parametrize(("values", "is_damaged"), [(WHOLE, False), (HOLED, True), (CUT, True), ({}, False)])
def test_the_row_and_the_database_agree(owner: User, values: dict[str, float], is_damaged: bool) -> None:
    file = make_audio_file(**values)
    assert file.is_damaged is is_damaged
    assert AudioFile.objects.filter(damaged_audio()).exists() is is_damaged


def test_damaged_files_are_found_in_the_track_list(owner: User, desk: Client) -> None:
    for title, values in (("Whole one", WHOLE), ("Holed one", HOLED), ("Cut one", CUT), ("Unread one", {})):
        make_track(owner, title=title, audio_file=make_audio_file(**values))
    page = desk.get("/admin/catalog/track/?audio=damaged").content.decode()
    assert [title for title in ("Whole one", "Holed one", "Cut one", "Unread one") if title in page] == [
        "Holed one", "Cut one",
    ]  # fmt: skip


@pytest.mark.parametrize("damage", [HOLED, CUT])
def test_a_damaged_file_is_never_kept_instead_of_a_whole_one(owner: User, damage: dict[str, float]) -> None:
    better = {"codec": "flac", "bit_rate": 900_000, "duration_s": 33.0}
    best = make_track(owner, isrc="GBAAA9700001", audio_file=make_audio_file(**better | damage))
    poor = make_track(owner, artist="", audio_file=make_audio_file(bit_rate=32_000, **WHOLE))
    assert suggest_keeper(make_copy(best, poor)).side == "b"
    found = suggest_keeper(make_copy(poor, best))
    assert (found.side, found.reasons) == ("a", ["nothing missing"])
    for _ in range(3):
        make_copy(poor, make_track(owner, audio_file=make_audio_file(**better | damage)))
    assert suggest_of(group_of(poor.pk))[0] == poor


def test_of_two_damaged_files_none_is_proposed(owner: User) -> None:
    lossless = make_track(owner, audio_file=make_audio_file(codec="flac", **HOLED))
    lossy = make_track(owner, audio_file=make_audio_file(**CUT))
    found = suggest_keeper(make_copy(lossless, lossy))
    assert (found.side, found.words) == ("", "both have something missing")
