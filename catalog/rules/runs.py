"""A rule's run over all waiting pairs, a chunk at a time by the sweeper (queueing.chunked_work): a try, or decisions.

Each chunk's decisions are stored in the transaction that moves the run past it.
"""

import time
from collections import Counter
from functools import partial
from typing import Any

import structlog
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.db.models import F

from catalog.models import Match, Rule, RuleRun
from catalog.rules.acting import Look, concerning, look, store
from catalog.services.errors import CatalogError
from queueing.chunked_work import attempt, ended, held, stop

CHUNK = 500  # matches looked at together: PostgreSQL takes longer to plan the queries of a chunk than to run them
SWEEP_S = 2.0  # a sweep's other duties wait no longer than this, and one chunk
EXAMPLES_KEPT = 50
log = structlog.get_logger(__name__)


def start_run(*, rule: Rule, asked_by: User, is_try: bool) -> RuleRun:
    """Begin a run over all pairs that wait now.

    Raises:
        CatalogError: a run of the rule goes on already, or the rule is off and this is not a try.

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
    """Stop a rule's run; what it decided stands. False if none runs."""
    return stop(RuleRun.objects.filter(rule=rule), stopped_by=stopped_by)


def sweep_runs() -> int:
    """Go on with the oldest run that nobody holds, for `SWEEP_S` seconds; return how many pairs it looked at."""
    looked_at: list[int] = []
    attempt(RuleRun.objects.select_related("rule"), partial(_go_on, looked_at=looked_at))
    return sum(looked_at)


def _go_on(run: RuleRun, *, looked_at: list[int]) -> None:
    until_s = time.monotonic() + SWEEP_S
    while (number := _do_chunk(run)) is not None:
        looked_at.append(number)
        if time.monotonic() >= until_s:
            break


def _do_chunk(run: RuleRun) -> int | None:
    """Look at the next matches and return how many; None where the run has ended or was lost."""
    waiting = concerning(run.rule).filter(pk__gt=run.done_match, pk__lte=run.last_match).order_by("pk")
    keys = list(waiting.values_list("pk", flat=True)[:CHUNK])
    if not keys or not (run.is_try or Rule.objects.filter(pk=run.rule_id, is_on=True).exists()):
        if held(run).update(**ended(done_match=F("last_match"), error="", tries=0)):
            log.info("rule_run_ended", run=run.pk, rule=run.rule_id, is_try=run.is_try)
        return None
    found = look(run.rule, keys)
    return found.looked_at if _move_past(run, found, keys[-1]) else None


def _move_past(run: RuleRun, found: Look, last: int) -> bool:
    with transaction.atomic():
        decided = len(found.proposals) if run.is_try else store(run.rule, found.proposals)
        left = dict(Counter(run.left) + found.left)
        examples = [*run.examples, *_examples(found)][:EXAMPLES_KEPT]
        moved = held(run).update(
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
    return bool(moved)


def _examples(found: Look) -> list[dict[str, Any]]:
    return [{"match": one.match.pk, "verdict": one.verdict, "keeper": one.keeper} for one in found.proposals]
