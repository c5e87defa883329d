"""Heartbeats were catalog's: a database with rows keeps them, there and back."""

from datetime import UTC, datetime

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.state import StateApps

from queueing.models import QueueHeartbeat

BEFORE = [("catalog", "0019_fill_what_is_searched"), ("queueing", "0001_what_the_sweeper_could_not_do")]
SENT_AT = datetime(2026, 11, 29, 12, 0, tzinfo=UTC)


def migrate(to: list[tuple[str, str]]) -> StateApps:
    """Migrate to these states and return the models as they are there."""
    executor = MigrationExecutor(connection)
    executor.migrate(to)
    return MigrationExecutor(connection).loader.project_state(to).apps


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_rows_survive_the_move() -> None:
    newest = [
        key for key in MigrationExecutor(connection).loader.graph.leaf_nodes() if key[0] in ("catalog", "queueing")
    ]
    try:
        old = migrate(BEFORE).get_model("catalog", "QueueHeartbeat")
        old.objects.create(cluster="fingerprint", sent_at=SENT_AT, replaced_count=3, replaced_reason="it took no task")
    finally:
        migrate(newest)
    row = QueueHeartbeat.objects.get()
    assert (row.cluster, row.sent_at, row.answered_at) == ("fingerprint", SENT_AT, None)
    assert (row.replaced_count, row.replaced_reason) == (3, "it took no task")
    try:
        back = migrate(BEFORE).get_model("catalog", "QueueHeartbeat")
        assert back.objects.get().replaced_count == 3
    finally:
        migrate(newest)
