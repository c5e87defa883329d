"""A database that commit f5ea191 filled, migrated to today on SQLite and on PostgreSQL: nothing of it is lost.

`tests/kept/make.sh` made it; `tests/kept/fill.py` says what is in it.
"""

import json
import os
import sqlite3
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parents[2]
KEPT = ROOT / "tests" / "kept"
PAGES = [
    "/admin/",
    "/admin/catalog/track/",
    "/admin/catalog/track/1/change/",
    "/admin/catalog/job/",
    "/admin/catalog/match/",
    "/admin/catalog/decision/",
    "/admin/catalog/bulkwork/",
    "/catalog/review/",
    "/catalog/review/2/3/",
    "/catalog/index/",
    "/catalog/scan/",
    "/admin/catalog/apikey/",
    "/admin/webhooks/message/",
    "/admin/webhooks/message/1/change/",
    "/admin/webhooks/endpoint/",
    "/admin/webhooks/received/",
    "/admin/webhooks/refused/",
    "/admin/webhooks/source/",
    "/admin/auth/user/",
    "/admin/auth/group/",
]
# Django's own lists of what there is: they follow today's code.
LISTS = {"django_migrations", "django_content_type", "auth_permission", "sqlite_sequence"}
# Columns that went elsewhere: the open minute of a key is counted with the key's day.
# What a match says in words is made from its relation and its numbers.
REMOVED = {"catalog_apikey": {"window_minute", "window_calls"}, "catalog_match": {"description"}}
# Columns that the database works out from others.
WORKED_OUT = {"catalog_track": {"words"}}
Rows = dict[str, list[dict[str, Any]]]


@dataclass(frozen=True)
class Kept:
    """A database with the rows of f5ea191: what was in it before it was migrated, and what is in it now."""

    url: str
    before: Rows
    after: Rows

    def run(self, *arguments: str) -> str:
        """Run Python over the database and return what it printed."""
        return run(self.url, *arguments)


def run(url: str, *arguments: str) -> str:
    environment = os.environ | {
        "DATABASE_URL": url,
        "DJANGO_SETTINGS_MODULE": "tests.settings",
        "SECRET_KEY": "only-for-tests",
        "SECRETS_KEY": "kept-database-kept-database-kept",
    }
    done = subprocess.run(
        [sys.executable, *arguments], env=environment, cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def on_sqlite(folder: Path) -> tuple[str, Callable[[], Any]]:
    path = folder / "kept.sqlite3"
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript((KEPT / "sqlite.sql").read_text(encoding="utf-8"))
    return f"sqlite:///{path}", lambda: sqlite3.connect(path)


def on_postgresql(url: str) -> tuple[str, Callable[[], Any]]:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute((KEPT / "postgresql.sql").read_bytes())
    return url, lambda: psycopg.connect(url)


def rows_of(connect: Callable[[], Any], tables: str) -> Rows:
    with closing(connect()) as connection:
        names = [name for (name,) in connection.execute(tables).fetchall()]
        return {name: read(connection, name) for name in names}


def read(connection: Any, table: str) -> list[dict[str, Any]]:
    cursor = connection.execute(f'SELECT * FROM "{table}"')  # noqa: S608  (a name that the database gave)
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def kept(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, new_database: Callable[[], str | None]
) -> Kept:
    """The database, migrated as an operator migrates it."""
    if request.param == "sqlite":
        url, connect = on_sqlite(tmp_path_factory.mktemp("kept"))
        tables = "SELECT name FROM sqlite_master WHERE type = 'table'"
    else:
        empty = new_database()
        if empty is None or not empty.startswith("postgres"):
            pytest.skip("DATABASE_URL names no PostgreSQL")
        url, connect = on_postgresql(empty)
        tables = "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
    before = rows_of(connect, tables)
    run(url, "manage.py", "migrate", "--verbosity", "0")
    return Kept(url=url, before=before, after=rows_of(connect, tables))


def test_every_table_of_that_commit_has_rows(kept: Kept) -> None:
    assert len(kept.before) > 30
    assert [name for name, rows in kept.before.items() if not rows] == []


def test_no_row_and_no_value_is_lost(kept: Kept) -> None:
    for table in kept.before.keys() - LISTS:
        old, new = kept.before[table], kept.after[table]
        removed = old[0].keys() - new[0].keys()
        assert removed == REMOVED.get(table, set()), table
        columns = sorted(old[0].keys() - removed - WORKED_OUT.get(table, set()))
        wanted, found = (Counter(repr([row[name] for name in columns]) for row in rows) for rows in (old, new))
        assert wanted - found == Counter(), table


def test_the_calls_of_a_keys_open_minute_are_counted_with_its_day(kept: Kept) -> None:
    before = [row["window_calls"] for row in kept.before["catalog_apikey"]]
    before += [row["calls"] for row in kept.before["catalog_apikeyday"]]
    assert sum(before) == 2
    assert sum(row["calls"] for row in kept.after["catalog_apikeyday"]) == 2


def test_ends_of_tasks_are_numbered_in_their_order(kept: Kept) -> None:
    ended = [row for row in kept.after["catalog_job"] if row["completed_at"]]
    assert len(ended) > 3
    in_order = sorted(ended, key=lambda row: (row["owner_id"], str(row["completed_at"]), row["id"]))
    last: dict[int, int] = {}
    for row in in_order:
        last[row["owner_id"]] = last.get(row["owner_id"], 0) + 1
        assert row["end_number"] == last[row["owner_id"]]
    assert {row["owner_id"]: row["last_number"] for row in kept.after["catalog_eventclock"]} == last


def test_pages_open_over_it_and_show_what_was_there(kept: Kept) -> None:
    seen = json.loads(kept.run("-m", "tests.kept.pages", *PAGES))
    assert {path: status for path, (status, _) in seen["pages"].items() if status != 200} == {}
    text = {path: page for path, (_, page) in seen["pages"].items()}
    assert "Battle, faster" in text["/admin/catalog/track/"]
    assert "Battle Music" in text["/admin/catalog/track/1/change/"]
    assert "Battle, faster" in text["/catalog/review/2/3/"]
    assert "label-one" in text["/admin/webhooks/source/"]
    assert "https://ben.example/hook" in text["/admin/webhooks/endpoint/"]
    assert seen["secrets"] == ["a peer's own secret", "whsec_" + "QmVu" * 8]
    assert seen["claimed"] == [True]  # the task that waited can be done


def test_what_waited_is_there_as_it_was(kept: Kept) -> None:
    tracks, jobs, messages = (
        {row["id"]: row for row in kept.after[table]} for table in ("catalog_track", "catalog_job", "webhooks_message")
    )
    assert [track["title"] for _, track in sorted(tracks.items())] == [
        "Battle Music",
        "Battle, faster",
        "Bätтle ノイズ",
        "Palace",
        "Gone",
        "Removed",
    ]
    assert [tracks[number]["removed_at"] is None for number in range(1, 7)] == [True] * 4 + [False] * 2
    assert Counter(job["status"] for job in jobs.values()) == {
        "success": 8,
        "failure": 1,
        "pending": 1,
        "processing": 1,
    }
    assert Counter(message["state"] for message in messages.values()) == {"delivered": 2, "failed": 1, "pending": 4}
    assert Counter(match["verdict"] for match in kept.after["catalog_match"]) == {"duplicate": 5}
