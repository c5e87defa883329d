"""What a test commits is gone after it, and what Django makes for every database stays."""

from collections.abc import Callable
from pathlib import Path

import pytest
from django.contrib.auth.models import Group, Permission, User
from django.contrib.contenttypes.models import ContentType
from django.core.management.sql import emit_post_migrate_signal
from django.db import connection
from django.test import Client

from catalog.models import Job, Track
from catalog.services.decisions import decide
from catalog.services.tasks.accepting import accept_job
from tests.emptying import KEPT, MOST_BYTES, empty, grown_tables, tables_with_rows
from tests.rows import make_copy, make_track

pytestmark = pytest.mark.django_db(transaction=True)


def counts() -> dict[str, int]:
    """Return the number of rows of each table that has some."""
    with connection.cursor() as cursor:
        found = {}
        for name in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT count(*) FROM "{name}"')  # noqa: S608  (a name that the database gave)
            found[name] = cursor.fetchone()[0]
    return {name: count for name, count in found.items() if count and name != "sqlite_sequence"}


def test_rows_that_name_each_other_go(
    owner: User, staff: User, desk: Client, add_track: Callable[..., Track], battle: Path
) -> None:
    match = make_copy(add_track(battle), make_track(owner))
    query, reference = match.query_track, match.reference_track
    decide(one=query, other=reference, verdict="same", keeper=query, decided_by=staff)
    accept_job(track=query, owner=owner, task_name=Job.Name.ADD)
    assert len(tables_with_rows()) > 8
    kept = {name: count for name, count in counts().items() if name in KEPT}
    empty()
    assert counts() == kept
    assert kept.keys() == KEPT


@pytest.mark.skipif(connection.vendor != "postgresql", reason="PostgreSQL's own")
def test_a_table_that_has_grown_takes_no_more_room() -> None:
    rows = MOST_BYTES // 100
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO auth_group (name) SELECT lpad(n::text, 150) FROM generate_series(1, %s) n", [rows])
        Group.objects.latest("pk").permissions.set(Permission.objects.all())
        kept = {name: count for name, count in counts().items() if name in KEPT}
        assert grown_tables() == ["auth_group"]
        empty()
        cursor.execute("SELECT pg_relation_size('auth_group')")
        assert cursor.fetchone() == (0,)
    assert counts() == kept


def test_a_test_begins_without_rows() -> None:
    """Whichever came before it."""
    assert set(counts()) == KEPT


def test_django_would_make_nothing_more() -> None:
    before = Permission.objects.count(), ContentType.objects.count()
    emit_post_migrate_signal(verbosity=0, interactive=False, db="default")
    assert (Permission.objects.count(), ContentType.objects.count()) == before
    assert min(before) > 20


@pytest.mark.skipif(connection.vendor != "postgresql", reason="PostgreSQL's own")
def test_no_table_is_looked_at_between_two_tests(db: None) -> None:
    """One that was found empty is planned for one row: a query of the list of waiting pairs ran for half an hour."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
            " AND NOT coalesce(reloptions, '{}') @> '{autovacuum_enabled=false}'"
        )
        assert cursor.fetchall() == []
