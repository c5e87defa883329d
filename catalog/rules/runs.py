"""A rule's walk over all that waits, a chunk at a time by the sweeper: a try, or the deciding itself.

Each chunk's decisions are stored in the transaction that moves the run past it, so that a chunk that is lost or done
twice changes nothing.
"""

import time
from collections import Counter
from typing import Any

import structlog
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.db.models import F, QuerySet
from django.utils import timezone

from catalog.models import Match, Rule, RuleRun
from catalog.rules.acting import Look, concerning, look, store
from catalog.services.errors import CatalogError
from queueing.lease import Lease, work_length
from queueing.retrying import LONGEST_WAIT, MOST_TRIES, wait_after, words_of

CHUNK = 200  # matches looked at together: a transaction of some hundredths of a second
SWEEP_S = 2.0  # a sweep's other duties wait no longer than this, and one chunk
EXAMPLES_KEPT = 50
LOST = "The sweeper stopped at every attempt."
LEASE = Lease(longest=lambda: max(work_length(), LONGEST_WAIT))
log = structlog.get_logger(__name__)


def start_run(*, rule: Rule, asked_by: User, is_try: bool) -> RuleRun:
    """Begin to look at all that waits now.

    Raises:
        CatalogError: it is looking already, or the rule is off and is to decide.

    """
    if not is_try and not Rule.objects.filter(pk=rule.pk, is_on=True).exists():
        raise CatalogError("The rule is off. Switch it on first.")
    newest = Match.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    try:
        with transaction.atomic():
            return RuleRun.objects.create(rule=rule, is_try=is_try, asked_by=asked_by, last_match=newest)
    except IntegrityError as error:  # the database's own rule: one run at a time
        raise CatalogError("The rule is looking at the waiting pairs already. Wait for it or stop it.") from error


def stop_run(*, rule: Rule, stopped_by: User) -> bool:
    """End a rule's run before its end; what it decided stands. False where none runs."""
    running = RuleRun.objects.filter(rule=rule, ended_at=None)
    return bool(running.update(ended_at=timezone.now(), stopped_by=stopped_by, **LEASE.freed()))


def sweep_runs() -> int:
    """Go on with the oldest run that nobody holds, for some seconds; return how many pairs it looked at."""
    run = _claim_oldest()
    if run is None:
        return 0
    if run.tries > MOST_TRIES:
        _give_up(run, LOST)
        return 0
    before = run.looked_at
    try:
        _go_on(run)
    except Exception as error:
        log.exception("rule_run_failed", run=run.pk, tries=run.tries)
        _set_back(run, words_of(error))
    else:
        LEASE.release(_row(run), run.lease_token, tries=0, error="")
    return run.looked_at - before


def _go_on(run: RuleRun) -> None:
    until_s = time.monotonic() + SWEEP_S
    while _do_chunk(run) and time.monotonic() < until_s:
        pass


def _do_chunk(run: RuleRun) -> bool:
    """Look at the next matches; False where none is left, the run was lost, or its rule was switched off."""
    waiting = concerning(run.rule).filter(pk__gt=run.done_match, pk__lte=run.last_match).order_by("pk")
    keys = list(waiting.values_list("pk", flat=True)[:CHUNK])
    if not keys or not (run.is_try or Rule.objects.filter(pk=run.rule_id, is_on=True).exists()):
        _end(run)
        return False
    return _move_past(run, look(run.rule, keys), keys[-1])


def _move_past(run: RuleRun, found: Look, last: int) -> bool:
    with transaction.atomic():
        decided = len(found.proposals) if run.is_try else store(run.rule, found.proposals)
        left = dict(Counter(run.left) + found.left)
        examples = [*run.examples, *_examples(found)][:EXAMPLES_KEPT]
        moved = _held(run).update(
            done_match=last,
            looked_at=F("looked_at") + found.looked_at,
            decided=F("decided") + decided,
            left=left,
            examples=examples,
            tries=1,
        )
        if not moved:  # stopped, or another sweeper has it: its decisions are the ones that count
            transaction.set_rollback(True)
    run.done_match, run.left, run.examples = last, left, examples
    run.looked_at += found.looked_at
    return bool(moved)


def _examples(found: Look) -> list[dict[str, Any]]:
    return [{"match": one.match.pk, "verdict": one.verdict, "keeper": one.keeper} for one in found.proposals]


def _row(run: RuleRun) -> QuerySet[RuleRun]:
    return RuleRun.objects.filter(pk=run.pk, ended_at=None)


def _held(run: RuleRun) -> QuerySet[RuleRun]:
    return LEASE.held(_row(run).filter(done_match=run.done_match), run.lease_token)


def _claim_oldest() -> RuleRun | None:
    """Take the oldest run. The try is counted before it begins: a run that kills the sweeper uses them up as well."""
    now = timezone.now()
    waiting = RuleRun.objects.filter(LEASE.free(now), ended_at=None)
    oldest = waiting.order_by("pk").values_list("pk", flat=True).first()
    token = LEASE.claim(waiting.filter(pk=oldest), now=now, tries=F("tries") + 1) if oldest else None
    return LEASE.held(RuleRun.objects.select_related("rule"), token).first()


def _end(run: RuleRun) -> None:
    LEASE.release(_row(run), run.lease_token, ended_at=timezone.now(), done_match=F("last_match"), error="")
    log.info("rule_run_ended", run=run.pk, rule=run.rule_id, is_try=run.is_try)


def _set_back(run: RuleRun, error: str) -> None:
    """Let others go first for a while, longer each time; after the last try it ends, and its page says why."""
    if run.tries >= MOST_TRIES:
        _give_up(run, error)
    else:
        LEASE.release(_row(run), run.lease_token, wait=wait_after(run.tries), error=error)


def _give_up(run: RuleRun, error: str) -> None:
    LEASE.release(_row(run), run.lease_token, ended_at=timezone.now(), error=error)
    log.error("rule_run_abandoned", run=run.pk, reason=error)
