"""Calls by minute and by day: counted once each, whatever the clocks of the hosts say and however many call at once."""

import itertools
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.auth.models import User
from django.db import connection, connections, transaction
from django.db.models import F
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from catalog.models import ApiKey, ApiKeyDay
from catalog.services.api_keys import create_key, note_use
from catalog.services.rate_limits import count_call, current_allowance, use_by_day

pytestmark = pytest.mark.slow


URL = "/api/v1/task/result/task_20260402055414_AbCdEfGh"


@pytest.fixture
def key(owner: User) -> ApiKey:
    """A key with ten calls a minute."""
    return create_key(owner=owner, tier=ApiKey.Tier.CUSTOM, custom_per_minute=10)[0]


@pytest.fixture(autouse=True)
def early_in_a_minute() -> None:
    """Wait for the next minute where this one is nearly over."""
    left_s = 60 - time.time() % 60
    if left_s < 8:
        time.sleep(left_s)


def allowed(key: ApiKey, calls: int) -> int:
    """Call so often; return how many calls were allowed."""
    return sum(count_call(key).allowed for _ in range(calls))


def test_hosts_whose_clocks_differ_count_in_one_minute(owner: User, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two hosts in turn, at the turn of a minute, 0.2 s apart."""
    text = create_key(owner=owner)[1]
    api = APIClient(headers={"Authorization": f"Bearer {text}"})
    turn_s = int(time.time()) // 60 * 60 + 60
    clocks = itertools.cycle([turn_s - 0.1, turn_s + 0.1])
    statuses = []
    for _ in range(60):
        now_s = next(clocks)
        with monkeypatch.context() as patch:
            patch.setattr(time, "time", lambda now_s=now_s: now_s)
            statuses.append(api.get(URL).status_code)
    assert statuses == [404] * 10 + [429] * 50


def test_a_call_behind_the_turn_of_a_minute_opens_no_minute_again(key: ApiKey) -> None:
    """Another call has counted the next minute already."""
    count_call(key)
    ApiKeyDay.objects.update(minute=F("minute") + 1, minute_calls=10)
    assert allowed(key, 3) == 0
    assert ApiKeyDay.objects.get().minute_calls == 10


def test_the_next_minute_is_a_new_allowance(key: ApiKey) -> None:
    assert allowed(key, 12) == 10
    ApiKeyDay.objects.update(minute=F("minute") - 1)
    assert current_allowance(key).remaining == 10
    assert allowed(key, 12) == 10
    assert ApiKeyDay.objects.get().calls == 20


def test_a_clock_that_was_set_back_is_not_waited_for(key: ApiKey) -> None:
    assert allowed(key, 12) == 10
    ApiKeyDay.objects.update(minute=F("minute") + 60)
    assert allowed(key, 12) == 10


def test_a_refused_call_changes_nothing_and_writes_at_most_once(key: ApiKey) -> None:
    allowed(key, 10)
    before = ApiKeyDay.objects.values().get()
    with CaptureQueriesContext(connection) as queries:
        refused = count_call(key)
    assert not refused.allowed
    assert ApiKeyDay.objects.values().get() == before
    assert sum(not query["sql"].lstrip().startswith("SELECT") for query in queries) <= 1


def test_a_call_is_one_statement(key: ApiKey) -> None:
    for _ in range(2):  # the first of a day, and another
        with CaptureQueriesContext(connection) as queries:
            count_call(key)
        assert len(queries) == 1


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has one file that waits for the disk, or none")
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("noted", [count_call, note_use])
def test_what_is_noted_of_a_call_does_not_wait_for_the_disk_and_what_follows_does(
    owner: User, noted: Callable[[ApiKey], object]
) -> None:
    """The setting ends with the transaction of the note: an accepted task is on the disk when its id is told."""
    key = create_key(owner=owner)[0]

    def waits_for_the_disk() -> str:
        with connection.cursor() as cursor:
            cursor.execute("SHOW synchronous_commit")
            return str(cursor.fetchone()[0])

    with connection.cursor() as cursor:  # a server whose data may be lost may have it off for all
        cursor.execute("SET synchronous_commit = on")
    try:
        with transaction.atomic():
            noted(key)
            assert waits_for_the_disk() == "off"
        noted(key)
        assert waits_for_the_disk() == "on"
    finally:
        connection.close()  # the setting is the connection's


def test_what_a_call_is_told(key: ApiKey) -> None:
    first, second = count_call(key), count_call(key)
    assert (first.remaining, second.remaining, second.used) == (9, 8, 2)
    assert first.reset_at_s == second.reset_at_s == int(time.time()) // 60 * 60 + 60
    assert 1 <= second.wait_s <= 60
    assert current_allowance(key).remaining == 8


def test_days_are_those_of_utc(key: ApiKey) -> None:
    today = datetime.now(tz=UTC).date()
    ApiKeyDay.objects.create(api_key=key, day=today - timedelta(days=1), calls=5, minute_calls=10)
    allowed(key, 12)
    assert use_by_day(key)[-2:] == [(today - timedelta(days=1), 5), (today, 10)]


def test_keys_are_counted_apart(key: ApiKey, owner: User) -> None:
    other = create_key(owner=owner)[0]
    assert allowed(key, 11) == allowed(other, 11) == 10


def test_a_key_that_is_gone_counts_nothing(key: ApiKey) -> None:
    gone = ApiKey.objects.get()
    key.delete()
    assert not count_call(gone).allowed
    assert not ApiKeyDay.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_calls_at_once_are_each_counted_once(owner: User) -> None:
    key = create_key(owner=owner, tier=ApiKey.Tier.CUSTOM, custom_per_minute=50)[0]
    results: list[int] = []

    def call() -> None:
        try:
            results.append(allowed(key, 15))
        finally:
            connections.close_all()

    _all_at_once([call] * 6)
    assert sum(results) == 50
    assert ApiKeyDay.objects.get().calls == 50


def _all_at_once(calls: list[Callable[[], None]]) -> None:
    threads = [threading.Thread(target=call) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
