"""Copies of one recording at one place in a mix: one line of the track list, one bar, one track of the cue sheet."""

import csv
import io
from pathlib import Path

import numpy as np
import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.test import Client

from catalog.models import Track
from catalog.selectors.uses import uses_of
from catalog.services.decisions import decide
from catalog.services.tracks.copies_in_mix import recordings_at
from tests.alterations import RATE, sound, write
from tests.catalog.test_uses import SONG_S, make_mix
from tests.indexed import index_recording
from tests.rows import make_match, make_track

pytestmark = pytest.mark.django_db


@pytest.fixture
def mix(owner: User) -> Track:
    """A mix of three songs; of the second one the catalog holds two copies, one of them found for two minutes only."""
    made = make_mix(owner, 3)
    second = uses_of(made)[1].part
    for title, length_s in (("Short copy", 120.0), ("Copy", 150.0)):
        copy = make_track(owner, title=title)
        make_match(copy, second, relation="same")
        make_match(
            made, copy, verdict="contains", relation="contains", query_coverage=0.3, reference_coverage=0.9,
            query_start_s=SONG_S, query_end_s=SONG_S + length_s, segments=[],
        )  # fmt: skip
    return made


def numbered(mix: Track) -> list[tuple[int, str]]:
    """Return the number and the title of each line."""
    return [(use.number, use.part.title) for use in uses_of(mix)]


def test_copies_share_a_number_and_the_longest_comes_first(mix: Track) -> None:
    assert numbered(mix) == [
        (1, "Song of the mix 0"), (2, "Song of the mix 1"), (2, "Copy"), (2, "Short copy"), (3, "Song of the mix 2"),
    ]  # fmt: skip
    assert [use.is_copy for use in uses_of(mix)] == [False, False, True, True, False]


def test_the_page_draws_one_bar_for_all_copies(desk: Client, mix: Track) -> None:
    page = desk.get(f"/catalog/uses/{mix.pk}/").content.decode()
    assert page.count('class="mf-place"') == 3
    assert page.count("a copy of number 2") == 2
    assert "3 recordings, the others are copies" in page
    assert "uses 5 tracks" in page


def test_a_cue_sheet_has_no_copies_and_a_table_numbers_them(desk: Client, mix: Track) -> None:
    cue = desk.get(f"/catalog/uses/{mix.pk}/tracks.cue").content.decode()
    assert [line.strip() for line in cue.splitlines() if "TITLE" in line] == [
        f'TITLE "Song of the mix {number}"' for number in range(3)
    ]
    assert [line.split()[1] for line in cue.splitlines() if "TRACK" in line] == ["01", "02", "03"]
    rows = csv.DictReader(io.StringIO(desk.get(f"/catalog/uses/{mix.pk}/tracks.csv").content.decode("utf-8-sig")))
    assert [row["number"] for row in rows] == ["1", "2", "2", "2", "3"]


def test_what_is_refused_leaves_its_copy_to_speak(desk: Client, staff: User, mix: Track) -> None:
    decide(one=mix, other=uses_of(mix)[1].part, verdict="different", keeper=None, decided_by=staff)
    cue = desk.get(f"/catalog/uses/{mix.pk}/tracks.cue").content.decode()
    assert 'TITLE "Copy"' in cue
    assert cue.count("TRACK") == 3


def test_what_staff_called_different_is_no_copy(staff: User, mix: Track) -> None:
    song, copy = (use.part for use in uses_of(mix)[1:3])
    decide(one=song, other=copy, verdict="different", keeper=None, decided_by=staff)
    assert (3, "Copy") in numbered(mix)


def test_what_staff_called_the_same_is_a_copy(owner: User, staff: User) -> None:
    mix = make_mix(owner, 2)
    first, other = uses_of(mix)[0].part, make_track(owner, title="Heard by a person")
    make_match(
        mix, other, verdict="contains", relation="overlap", query_coverage=0.2, reference_coverage=0.5,
        query_start_s=5.0, query_end_s=100.0, segments=[],
    )  # fmt: skip
    assert len({number for number, _ in numbered(mix)}) == 3
    decide(one=first, other=other, verdict="same", keeper=first, decided_by=staff)
    assert len({number for number, _ in numbered(mix)}) == 2


def test_a_song_that_is_played_twice_is_two_lines(owner: User) -> None:
    """By two copies, at two places: each is heard."""
    one, other = make_track(owner), make_track(owner)
    make_match(one, other, relation="same")
    assert recordings_at({one.pk: (0.0, 100.0), other.pk: (60.0, 160.0)}) == [[one.pk], [other.pk]]
    assert recordings_at({one.pk: (0.0, 100.0), other.pk: (40.0, 140.0)}) == [[one.pk, other.pk]]


@pytest.mark.slow
def test_the_command_names_a_copy_under_its_recording(
    owner: User, battle: Path, forest: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first, copy, _ = [index_recording(owner, path) for path in (battle, battle, forest)]
    make_match(copy, first, relation="identical")
    pieces = [sound(path)[4 * RATE : 26 * RATE] for path in (battle, forest)]
    mix = write(tmp_path / "mix.wav", np.concatenate(pieces), codec="pcm_s16le")
    cue = tmp_path / "mix.cue"
    call_command("check_music", str(mix), "--tracklist", "--write", str(cue))
    assert cue.read_text().count("TRACK") == 2
    said = capsys.readouterr().out
    assert said.count("  also ") == 1
    assert "2 recordings (3 tracks) of the index in mix.wav" in said
