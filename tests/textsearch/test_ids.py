"""Ids are found by their first characters, as they are written, and by the index of their column."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection, transaction
from django.db.models import QuerySet

from catalog.models import Job
from tests.rows import make_check, make_track
from textsearch.ids import beginning, newest_by_id
from webhooks.models import Message, Received

ALONG_THE_INDEX = {"sqlite": ["SEARCH", "USING INDEX"], "postgresql": ["Index Scan Backward", "Index Cond"]}


@pytest.mark.parametrize(
    ("asked", "count"),
    [("task_2026", 2), ("task_20260402055414_Ab", 1), ("TASK_2026", 0), ("task_%", 0)],
)
def test_the_beginning_of_an_id_finds_it(owner: User, asked: str, count: int) -> None:
    for name in ("task_20260402055414_AbCdEfGh", "task_20260402055414_abCdEfGh"):
        Job.objects.filter(pk=make_check(make_track(owner)).pk).update(task_id=name)
    assert Job.objects.filter(beginning("task_id", asked)).count() == count


@pytest.mark.parametrize(
    ("model", "field"),
    [(Job, "task_id"), (Message, "subject"), (Message, "message_id"), (Received, "task_id"), (Received, "message_id")],
)
def test_the_newest_are_found_along_the_index_without_sorting(db: None, model: type, field: str) -> None:
    rows = model.objects.filter(beginning(field, "task_202")).order_by(*newest_by_id(field))[:6]  # type: ignore[attr-defined]
    plan = plan_of(rows)
    assert [step for step in ALONG_THE_INDEX[connection.vendor] if step not in plan] == [], plan
    assert "TEMP B-TREE" not in plan


def plan_of(rows: QuerySet[Any]) -> str:
    """Return how a large table would be asked; PostgreSQL looks through small ones whole."""
    if connection.vendor == "sqlite":
        return rows.explain()
    with transaction.atomic(), connection.cursor() as cursor:
        for way in ("seqscan", "bitmapscan"):
            cursor.execute(f"SET LOCAL enable_{way} = off")
        return rows.explain()


def test_the_newest_come_first(owner: User) -> None:
    names = [f"task_2026040205541{second}_{sign}" for second, sign in enumerate("ZaB")]
    for name in names:
        Job.objects.filter(pk=make_check(make_track(owner)).pk).update(task_id=name)
    found = Job.objects.filter(beginning("task_id", "task_2026")).order_by(*newest_by_id("task_id"))
    assert list(found.values_list("task_id", flat=True)) == names[::-1]


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has one kind of index")
@pytest.mark.parametrize("index", ["message_subject", "received_task", "received_message"])
def test_postgresql_has_indexes_for_beginnings(db: None, index: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT indexdef FROM pg_indexes WHERE indexname = %s", [index])
        assert "varchar_pattern_ops" in cursor.fetchone()[0]
