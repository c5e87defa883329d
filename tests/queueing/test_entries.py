"""Entries of the queue: stored together, in the transaction of what they are about."""

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django_q.models import OrmQ

from queueing import entries

pytestmark = pytest.mark.django_db
SING = "queueing.tasks.sing"


def test_each_argument_has_an_entry_that_a_worker_reads() -> None:
    entries.put(SING, ["a", "b"], cluster="webhooks", options=[{"timeout": 7}, {}])
    tasks = [row.task for row in OrmQ.objects.filter(key="webhooks").order_by("pk")]
    assert [(task["func"], task["args"], task.get("timeout")) for task in tasks] == [
        (SING, ("a",), 7),
        (SING, ("b",), None),
    ]
    assert len({task["id"] for task in tasks}) == 2


def test_many_are_stored_by_few_statements() -> None:
    with CaptureQueriesContext(connection) as queries:
        entries.put(SING, list(range(entries.MOST_AT_ONCE + 1)), cluster="webhooks")
    assert len(queries) <= 2
    stored = OrmQ.objects.filter(lock__lte=timezone.now()).order_by("pk")
    assert [row.task["args"][0] for row in stored] == list(range(entries.MOST_AT_ONCE + 1))


def test_none_is_no_statement() -> None:
    with CaptureQueriesContext(connection) as queries:
        entries.put(SING, [], cluster="webhooks")
    assert not queries.captured_queries


@pytest.mark.django_db(transaction=True)
def test_an_entry_goes_with_its_transaction() -> None:
    with transaction.atomic():
        entries.put(SING, ["a"], cluster="webhooks")
        transaction.set_rollback(True)
    assert not OrmQ.objects.exists()
    with transaction.atomic():
        entries.put(SING, ["b"], cluster="webhooks")
    assert OrmQ.objects.count() == 1
