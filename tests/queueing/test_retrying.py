"""What fails is tried again later, ends in words that staff see, and holds up nothing that comes behind it."""

import subprocess
import time
from itertools import pairwise
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import OperationalError
from django.test import Client

from catalog.services import housekeeping
from queueing.duties import Duty
from queueing.management.commands import run_sweeper
from queueing.models import FailingDuty
from queueing.retrying import LONGEST_WAIT, SomeFailedError, for_each, wait_after
from tests.queueing.failing import failing
from tests.rows import make_track
from tests.some import some

pytestmark = pytest.mark.django_db(transaction=True)


def test_waits_double_up_to_the_longest() -> None:
    waits = [wait_after(tries) for tries in range(1, 12)]
    assert all(later == min(2 * sooner, LONGEST_WAIT) for sooner, later in some(pairwise(waits)))
    assert wait_after(10_000) == LONGEST_WAIT


def test_one_that_raises_keeps_nobody_waiting() -> None:
    done: list[int] = []
    put_off: list[int] = []

    def do(number: int) -> None:
        if number == 2:
            raise ValueError(number)
        done.append(number)

    with pytest.raises(SomeFailedError, match="1 failed; the first: ValueError: 2"):
        for_each([1, 2, 3], do, failed=put_off.append)
    assert (done, put_off) == ([1, 3], [2])


def test_trouble_of_the_database_ends_the_round() -> None:
    asked: list[int] = []
    with pytest.raises(OperationalError):
        for_each([1, 2], lambda number: (asked.append(number), failing(OperationalError("away"))()))
    assert asked == [1]


def test_a_compaction_that_failed_is_told_and_the_next_waits_longer(monkeypatch: pytest.MonkeyPatch) -> None:
    start, started = subprocess.Popen, []

    def broken(command: list[str], **options: Any) -> Any:
        started.append(start(["sh", "-c", "echo 'No space left' >&2; exit 3"], **options))
        return started[-1]

    monkeypatch.setattr(housekeeping, "_compacting", [])
    monkeypatch.setattr(housekeeping.status, "behind", lambda: 10**6)
    monkeypatch.setattr(housekeeping.subprocess, "Popen", broken)
    duty = Duty("compact the index", housekeeping.compact_when_due, 0.0, longest_s=3600.0)
    duty.run_when_due()
    started[0].wait(10)
    duty.run_when_due()
    row = FailingDuty.objects.get()
    assert "`index compact` ended with code 3: No space left" in row.error
    duty.run_when_due()
    assert len(started) == 1, "it waits"


@pytest.mark.slow
def test_a_duty_that_fails_waits_longer_each_time_and_is_shown(
    desk: Client, owner: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_track(owner)
    now_s = [1000.0]
    monkeypatch.setattr(time, "monotonic", lambda: now_s[0])
    calls: list[float] = []

    def do() -> None:
        calls.append(now_s[0])
        if len(calls) < 5:
            raise ZeroDivisionError("of the sweeper")

    duty = Duty("sweep", do, 1.0, longest_s=30.0)
    for _ in range(100):
        duty.run_when_due()
        now_s[0] += 1
        if len(calls) == 3 and duty.tries == 3:
            page = desk.get("/admin/").content.decode()
    assert [later - sooner for sooner, later in pairwise(calls[:6])] == [5, 10, 20, 30, 1]
    assert "ZeroDivisionError: of the sweeper" in page
    assert "Nothing needs your attention" not in page
    assert not FailingDuty.objects.exists(), "done well since"


def test_the_sweeper_goes_on_whatever_a_duty_raises(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    monkeypatch.setattr(run_sweeper.queue_health, "send_canary", lambda cluster: asked.append(cluster) or 1 / 0)
    with pytest.raises(SomeFailedError):
        run_sweeper._send_canaries()
    assert len(asked) == 2
