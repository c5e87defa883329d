"""Heartbeats were catalog's: a database with rows keeps them, there and back."""

from datetime import UTC, datetime

import pytest

from queueing.models import QueueHeartbeat
from tests.migrated import schema_of

BEFORE = [("catalog", "0019_fill_what_is_searched"), ("queueing", "0001_what_the_sweeper_could_not_do")]
SENT_AT = datetime(2026, 11, 29, 12, 0, tzinfo=UTC)


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_rows_survive_the_move() -> None:
    with schema_of(BEFORE) as before:
        old = before.get_model("catalog", "QueueHeartbeat")
        old.objects.create(cluster="fingerprint", sent_at=SENT_AT, replaced_count=3, replaced_reason="it took no task")
    row = QueueHeartbeat.objects.get()
    assert (row.cluster, row.sent_at, row.answered_at) == ("fingerprint", SENT_AT, None)
    assert (row.replaced_count, row.replaced_reason) == (3, "it took no task")
    with schema_of(BEFORE) as before:
        assert before.get_model("catalog", "QueueHeartbeat").objects.get().replaced_count == 3
