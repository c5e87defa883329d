"""Work done a chunk at a time: claimed once, lost and stopped without a trace, tried again, and given up."""

import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from catalog.models import BulkWork, RuleRun
from catalog.rules.switching import make_rule
from queueing.chunked_work import LOST, attempt, claim_oldest, ended, held, stop
from queueing.models import ChunkedWork
from queueing.retrying import LONGEST_WAIT, MOST_TRIES, wait_after

pytestmark = pytest.mark.django_db
SECOND = timedelta(seconds=1)
Asking = Callable[[], Any]


def nothing(_work: ChunkedWork) -> None:
    """Do nothing of it."""


def fails(_work: ChunkedWork) -> None:
    """Do something that raises."""
    raise OSError("no space left")


def bulk_work(staff: User) -> BulkWork:
    """Ask for something with three tracks."""
    return BulkWork.objects.create(kind="check", track_ids=[1, 2, 3], total=3, asked_by=staff)


def rule_run(staff: User) -> RuleRun:
    """Ask for a try of a rule of its own."""
    rule = make_rule(kind="allowed", of="artist", value=uuid.uuid4().hex, made_by=staff)
    return RuleRun.objects.create(rule=rule, is_try=True, asked_by=staff, last_match=3)


@pytest.fixture(params=[bulk_work, rule_run])
def ask(request: pytest.FixtureRequest, staff: User) -> Asking:
    """Return what asks for work, in each table that holds some."""
    return lambda: request.param(staff)


def rows(work: ChunkedWork) -> Any:
    """Return all work of its table."""
    return type(work)._default_manager.all()


def seen(work: ChunkedWork) -> Any:
    """Return it as it is stored now."""
    return rows(work).get(pk=work.pk)


def let_the_lease_end(work: ChunkedWork) -> None:
    """Move the time until which others leave it alone into the past."""
    rows(work).filter(pk=work.pk).update(lease_until=timezone.now() - SECOND)


def test_the_oldest_first_and_each_by_one(ask: Asking) -> None:
    first, second = ask(), ask()
    got = [claim_oldest(rows(first)) for _ in range(3)]
    assert got == [first, second, None]
    assert [work.tries for work in got if work] == [1, 1], "counted before it begins"
    assert held(got[0]).count() == 1


def test_what_is_not_at_its_end_goes_on_at_once(ask: Asking) -> None:
    work = ask()
    assert attempt(rows(work), nothing) == work
    assert (seen(work).tries, seen(work).lease_until, seen(work).ended_at) == (0, None, None)
    assert attempt(rows(work), lambda one: held(one).update(**ended())) == work
    assert seen(work).ended_at
    assert attempt(rows(work), fails) is None, "nothing is left"


@pytest.mark.parametrize("do", [nothing, fails])
def test_who_lost_the_lease_stores_nothing(ask: Asking, do: Callable[[ChunkedWork], None]) -> None:
    work = ask()
    later: list[ChunkedWork] = []

    def loses_it(mine: ChunkedWork) -> None:
        let_the_lease_end(mine)
        later.extend(filter(None, [claim_oldest(rows(mine))]))
        assert not held(mine).exists()
        do(mine)

    attempt(rows(work), loses_it)
    assert later == [work]
    now = seen(work)
    assert (now.lease_token, now.tries, now.error, now.ended_at) == (later[0].lease_token, 2, "", None)


def test_who_lost_the_last_attempt_ends_nothing(ask: Asking) -> None:
    work = ask()

    def loses_it(mine: ChunkedWork) -> None:
        rows(mine).update(lease_token=uuid.uuid4(), tries=1)
        fails(mine)

    rows(work).update(tries=MOST_TRIES - 1)
    attempt(rows(work), loses_it)
    assert (seen(work).error, seen(work).ended_at) == ("", None)


def test_what_fails_waits_longer_each_time_and_is_given_up(ask: Asking) -> None:
    work, other = ask(), ask()
    for tries in range(1, MOST_TRIES):
        assert attempt(rows(work), fails) == work
        now = seen(work)
        assert (now.tries, now.error, now.ended_at) == (tries, "OSError: no space left", None)
        assert wait_after(tries) - SECOND < now.lease_until - timezone.now() <= wait_after(tries)
        assert attempt(rows(work), nothing) == other, "what was asked for later goes on"
        let_the_lease_end(work)
    attempt(rows(work), fails)
    assert (seen(work).error, bool(seen(work).ended_at)) == ("OSError: no space left", True)


def test_a_chunk_that_was_done_begins_the_count_anew(ask: Asking) -> None:
    work = ask()
    rows(work).update(tries=MOST_TRIES - 1)

    def one_chunk_then_fails(mine: ChunkedWork) -> None:
        held(mine).update(tries=1)
        fails(mine)

    attempt(rows(work), one_chunk_then_fails)
    assert (seen(work).tries, seen(work).ended_at) == (1, None)


def test_an_attempt_that_succeeds_forgets_the_error(ask: Asking) -> None:
    work = ask()
    attempt(rows(work), fails)
    let_the_lease_end(work)
    attempt(rows(work), nothing)
    assert (seen(work).tries, seen(work).error, seen(work).lease_until) == (0, "", None)


def test_what_ends_every_sweeper_is_given_up(ask: Asking) -> None:
    work = ask()
    for _ in range(MOST_TRIES):
        assert claim_oldest(rows(work)) == work, "and there the sweeper died"
        let_the_lease_end(work)
    assert attempt(rows(work), fails) == work
    assert (seen(work).error, bool(seen(work).ended_at)) == (LOST, True)


def test_what_is_stopped_is_neither_done_nor_tried_again(ask: Asking, staff: User) -> None:
    work = ask()

    def is_stopped(mine: ChunkedWork) -> None:
        assert stop(rows(mine), stopped_by=staff)
        assert held(mine).update(tries=1) == 0
        fails(mine)

    attempt(rows(work), is_stopped)
    now = seen(work)
    assert (now.stopped_by, now.error, now.lease_token, bool(now.ended_at)) == (staff, "", None, True)
    assert not stop(rows(work), stopped_by=staff), "it has ended"
    assert attempt(rows(work), fails) is None


def test_a_wait_of_a_clock_that_was_set_back_is_over(ask: Asking) -> None:
    work = ask()
    rows(work).update(lease_until=timezone.now() + LONGEST_WAIT - SECOND)
    assert claim_oldest(rows(work)) is None
    rows(work).update(lease_until=timezone.now() + timedelta(hours=6))
    assert claim_oldest(rows(work)) == work
