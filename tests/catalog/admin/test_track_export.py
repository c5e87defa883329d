"""The track list as CSV: what the list shows, in any length, and harmless in a spreadsheet."""

import csv
import io
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from catalog.models import AudioFile
from catalog.pages.track_export import HEAD
from staff import csv_files
from staff.csv_files import safe_cell
from tests.rows import make_match, make_track

EXPORT = "/admin/catalog/track/export/"


def rows(desk: Client, query: str = "") -> list[dict[str, Any]]:
    """Return the exported lines, each by the names of its columns."""
    answer = desk.get(EXPORT + query)
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    text = b"".join(answer.streaming_content).decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text)))


def test_it_holds_what_the_list_shows(desk: Client, owner: User) -> None:
    found, reference = make_track(owner, title="Gefunden жö", artist="Ö, “x”\nz"), make_track(owner, title="Other")
    make_match(found, reference)
    line, _ = rows(desk)
    assert list(line) == HEAD
    assert (line["title"], line["artist"]) == ("Gefunden жö", "Ö, “x”\nz")
    assert (line["musicId"], line["last check"], line["in the index"]) == (str(found.music_id), "duplicate", "no")
    assert [row["title"] for row in rows(desk, "?q=other")] == ["Other"]
    assert [row["title"] for row in rows(desk, "?checked=never")] == ["Other"]


@pytest.mark.parametrize(("stored", "told"), [("mp3float", "mp3"), ("pcm_s16le", "wav"), ("flac", "flac")])
def test_codecs_have_the_names_that_the_list_shows(desk: Client, owner: User, stored: str, told: str) -> None:
    make_track(owner)
    AudioFile.objects.update(codec=stored)
    assert rows(desk)[0]["codec"] == told


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@x", "\t=1", "\r=1", " =1", "=HYPERLINK(1)"])
def test_no_cell_is_taken_for_a_formula(desk: Client, owner: User, text: str) -> None:
    make_track(owner, title=text)
    assert rows(desk)[0]["title"] == f"'{text}"


def test_numbers_and_plain_words_stay_as_they_are() -> None:
    assert [safe_cell(value) for value in (-1, "a=b", "", None, "1-2")] == [-1, "a=b", "", None, "1-2"]


def test_a_long_list_is_read_in_batches(desk: Client, owner: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(csv_files, "BATCH", 2)
    for number in range(5):
        make_track(owner, title=f"Song {number}")
    with CaptureQueriesContext(connection) as queries:
        assert [row["title"] for row in rows(desk)] == [f"Song {number}" for number in range(5)]
    batches = [query for query in queries if '"catalog_track"."id" > ' in query["sql"]]
    assert len(batches) == 4, "three with rows, one without"


def test_only_staff_may_have_it(client: Client, outsider_desk: Client, reading_desk: Client, owner: User) -> None:
    assert client.get(EXPORT).status_code == 302
    assert outsider_desk.get(EXPORT).status_code == 302
    assert rows(reading_desk) == []
