"""Ids are found by their first characters, as they are written, and by the index of their column."""

import pytest
from django.contrib.auth.models import User
from django.db import connection

from catalog.models import Job
from tests.rows import make_check, make_track
from textsearch.ids import beginning, newest_by_id
from webhooks.models import Message, Received


@pytest.mark.parametrize(
    ("asked", "count"),
    [("task_2026", 2), ("task_20260402055414_Ab", 1), ("TASK_2026", 0), ("task_%", 0)],
)
def test_the_beginning_of_an_id_finds_it(owner: User, asked: str, count: int) -> None:
    for name in ("task_20260402055414_AbCdEfGh", "task_20260402055414_abCdEfGh"):
        Job.objects.filter(pk=make_check(make_track(owner)).pk).update(task_id=name)
    assert Job.objects.filter(beginning("task_id", asked)).count() == count


@pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL looks through small tables whole")
@pytest.mark.parametrize(
    ("model", "field"), [(Job, "task_id"), (Message, "subject"), (Message, "message_id"), (Received, "task_id")]
)
def test_the_newest_are_found_along_the_index_without_sorting(db: None, model: type, field: str) -> None:
    rows = model.objects.filter(beginning(field, "task_202")).order_by(*newest_by_id(field))[:6]  # type: ignore[attr-defined]
    assert "USING INDEX" in rows.explain()
    assert "TEMP B-TREE" not in rows.explain()


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has one kind of index")
@pytest.mark.parametrize("index", ["message_subject", "received_task", "received_message"])
def test_postgresql_has_indexes_for_beginnings(db: None, index: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT indexdef FROM pg_indexes WHERE indexname = %s", [index])
        assert "varchar_pattern_ops" in cursor.fetchone()[0]
