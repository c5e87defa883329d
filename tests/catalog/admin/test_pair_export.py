"""Decisions and matches as CSV files: what their lists show."""

import csv
import io

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from catalog.pages.pair_export import DECISIONS_HEAD, MATCHES_HEAD
from catalog.services.decisions import decide, undo
from tests.rows import make_copy, make_match, make_track


def lines(desk: Client, table: str, query: str = "") -> list[dict[str, str]]:
    """Return the exported lines, each by the names of its columns."""
    answer = desk.get(f"/admin/catalog/{table}/export/{query}")
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    text = b"".join(answer.streaming_content).decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text)))


def test_decisions(desk: Client, owner: User, staff: User) -> None:
    match = make_copy(make_track(owner, title="=Summer()"), make_track(owner, title="Winter", isrc="USABC1234567"))
    a, b = match.query_track, match.reference_track
    undo(decision=decide(one=a, other=b, verdict="different", keeper=None, decided_by=owner))
    decide(one=a, other=b, verdict="same", keeper=b, decided_by=staff)
    undone, standing = lines(desk, "decision")
    assert list(standing) == DECISIONS_HEAD
    assert standing["title of first"] == "'=Summer()", "no formula"
    assert (standing["decision"], standing["keep"], standing["decided by"]) == ("same", str(b.music_id), "staff")
    assert undone["undone"] > ""
    assert standing["undone"] == ""
    assert [row["decided by"] for row in lines(desk, "decision", "?standing=yes")] == ["staff"]


def test_matches(desk: Client, owner: User) -> None:
    make_copy(make_track(owner, title="Summer"), make_track(owner))
    make_match(make_track(owner, title="Winter"), make_track(owner))
    summer, winter = lines(desk, "match")
    assert list(summer) == MATCHES_HEAD
    assert (summer["title of A"], summer["relation"], summer["share of A"], summer["altered"]) == (
        "Summer", "same", "1.0", "",
    )  # fmt: skip
    assert winter["altered"] == "sped up 6 %"
    assert winter["task"].startswith("task_")
    assert [row["title of A"] for row in lines(desk, "match", "?relation=same")] == ["Summer"]


@pytest.mark.parametrize("table", ["decision", "match"])
def test_a_fixed_number_of_queries(desk: Client, owner: User, staff: User, table: str) -> None:
    def fill() -> int:
        match = make_copy(make_track(owner), make_track(owner))
        decide(one=match.query_track, other=match.reference_track, verdict="version", keeper=None, decided_by=staff)
        with CaptureQueriesContext(connection) as queries:
            lines(desk, table)
        return len(queries)

    fill()
    few = fill()
    fill()
    assert fill() == few
