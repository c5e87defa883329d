"""The recordings in a mix as a cue sheet, a table and JSON."""

import csv
import io
import json
from pathlib import Path

import numpy as np
import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command

from catalog.services.tracks import tracklists
from tests.alterations import RATE, sound, write
from tests.indexed import index_recording

ENTRY = tracklists.Entry(1, 61.52, 90.0, 'The "Mix"', "=cmd", "id-1", 5.0, 33.5, "overlap", 1.04, 0.0)


def test_a_cue_sheet_has_times_in_frames_and_no_quotation_marks() -> None:
    assert tracklists.as_cue([ENTRY], 'my "set".mp3').splitlines() == [
        "FILE \"my 'set'.mp3\" WAVE",
        "  TRACK 01 AUDIO",
        "    TITLE \"The 'Mix'\"",
        '    PERFORMER "=cmd"',
        "    INDEX 01 01:01:39",
    ]


def test_a_table_runs_nothing_in_a_spreadsheet() -> None:
    rows = list(csv.DictReader(io.StringIO(tracklists.as_csv([ENTRY]))))
    assert rows[0]["artist"] == "'=cmd"
    assert float(rows[0]["start_s"]) == 61.52


@pytest.mark.slow
def test_a_mix_is_listed_and_written(
    owner: User, battle: Path, forest: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tracks = [index_recording(owner, path) for path in (battle, forest)]
    pieces = [sound(path)[4 * RATE : 26 * RATE] for path in (battle, forest)]
    mix = write(tmp_path / "mix.wav", np.concatenate(pieces), codec="pcm_s16le")
    target = tmp_path / "mix.json"
    call_command("check_music", str(mix), "--tracklist", "--write", str(target))
    written = json.loads(target.read_text())
    assert [entry["music_id"] for entry in written["tracks"]] == [str(track.music_id) for track in tracks]
    assert written["is_complete"]
    assert [round(entry["start_s"] / 22) for entry in written["tracks"]] == [0, 1]
    assert "2 recordings of the index in mix.wav" in capsys.readouterr().out
    with pytest.raises(CommandError, match="cue"):
        call_command("check_music", str(mix), "--tracklist", "--write", str(tmp_path / "mix.doc"))
