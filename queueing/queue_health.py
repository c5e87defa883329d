"""Canaries: small tasks sent through each queue, which show whether the whole of it still works."""

import time
from collections.abc import Callable
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

import structlog
from django.conf import settings
from django.db import DatabaseError, transaction
from django.db.models import F, Q
from django.db.models.functions import Coalesce, Greatest
from django.utils import timezone

from queueing import entries
from queueing.models import QueueHeartbeat

CANARY_TASK = "queueing.tasks.sing"
CANARY_EVERY_S = 20
# Starting takes far longer than answering (every worker loads the engine), and a queue that is replaced in the middle
# of it begins anew: on a busy machine it would never get to the end.
_STARTING_PATIENCE = 5
_NOTED_EVERY_S = 2.0  # a write for each entry would be one more that all others wait for
_noted_s: dict[str, float] = {}
# Called with the moment since which nothing was acknowledged, and now.
LongWork = Callable[[datetime, datetime], bool]
_long_work: dict[str, list[LongWork]] = {}
log = structlog.get_logger(__name__)


class QueueState(StrEnum):
    """The state of a queue, in words for the health page."""

    RUNNING = "ok"
    STARTING = "starting: no canary was answered yet"
    STUCK = "stuck: a canary has waited too long"
    UNWATCHED = "unknown: no canary was sent for a while, the sweeper does not run"


def send_canary(*, cluster: str) -> bool:
    """Send a canary if the last one was answered long enough ago; False if none was due."""
    now = timezone.now()
    heartbeat = QueueHeartbeat.objects.filter(pk=cluster).first()
    if heartbeat and heartbeat.sent_at and not _is_due(heartbeat.sent_at, heartbeat.answered_at, now):
        return False
    with transaction.atomic():
        changes: dict[str, Any] = {"sent_at": now}
        if heartbeat and heartbeat.answered_at and heartbeat.answered_at > now:  # it would answer all until then
            changes["answered_at"] = None
        QueueHeartbeat.objects.update_or_create(cluster=cluster, defaults=changes)
        entries.put(CANARY_TASK, [cluster], cluster=cluster)
    return True


def _is_due(sent_at: datetime, answered_at: datetime | None, now: datetime) -> bool:
    if sent_at > now:  # the clock was set back: what was sent in that future would be waited for until then
        return True
    return answered_at is not None and answered_at >= sent_at and now - sent_at >= timedelta(seconds=CANARY_EVERY_S)


def start_over(*, cluster: str, replaced_because: str = "") -> None:
    """Forget an unanswered canary because the cluster was started; count a restart if it replaces another."""
    heartbeat, _ = QueueHeartbeat.objects.get_or_create(cluster=cluster)
    changes: dict[str, Any] = {"sent_at": None, "answered_at": None}
    if replaced_because:
        changes |= {
            "replaced_at": timezone.now(),
            "replaced_count": F("replaced_count") + 1,
            "replaced_reason": replaced_because[:200],
        }
    QueueHeartbeat.objects.filter(pk=heartbeat.pk).update(**changes)


def note_answer(*, cluster: str) -> None:
    """Record that the queue ran the canary and acknowledged it.

    The time is never before it was sent: the answering host's clock may be a little behind the asking one's.
    """
    now = timezone.now()
    QueueHeartbeat.objects.filter(pk=cluster).update(answered_at=Greatest(now, Coalesce("sent_at", now)))


def note_acknowledged(task: dict[str, Any]) -> None:
    """Record that the cluster's monitor acknowledged an entry, and whether it was a canary.

    The monitor records this and not the worker that ran the entry: when a monitor hangs, every result is lost and every
    entry runs again and again, while the workers look well.
    """
    try:
        if task.get("func") == CANARY_TASK:
            note_answer(cluster=task["args"][0])
        _note_work(cluster=task["cluster"])
    except DatabaseError as error:  # raised further, it would end the monitor
        log.warning("canary_answer_dropped", reason=str(error))


def _note_work(*, cluster: str) -> None:
    now_s = time.monotonic()
    if now_s - _noted_s.get(cluster, -_NOTED_EVERY_S) >= _NOTED_EVERY_S:
        QueueHeartbeat.objects.filter(pk=cluster).update(acknowledged_at=timezone.now())
        _noted_s[cluster] = now_s


def _silent(now: datetime) -> Q:
    """Match the heartbeats whose canary has waited too long."""
    patience = timedelta(seconds=settings.WATCHDOG_SECONDS)
    starting = Q(answered_at=None, sent_at__lt=now - _STARTING_PATIENCE * patience)
    return starting | Q(answered_at__lt=F("sent_at"), sent_at__lt=now - patience)


def is_stuck(*, cluster: str) -> bool:
    """Tell whether a canary has waited too long while nothing else was finished. Busy or starting is not stuck."""
    return bool(stuck_queues(pk=cluster))


def stuck_queues(**which: str) -> list[str]:
    """Return the queues that are stuck, by name, of all or of some."""
    now = timezone.now()
    patience = timedelta(seconds=settings.WATCHDOG_SECONDS)
    limit = now - patience
    # What ended under a clock that has been set back since says nothing about today. Another host's may be ahead.
    working = Q(acknowledged_at__gt=limit, acknowledged_at__lt=now + patience)
    quiet = QueueHeartbeat.objects.filter(_silent(now), ~working, **which).order_by("pk").values_list("pk", flat=True)
    return [name for name in quiet if not any(is_at_it(limit, now) for is_at_it in _long_work.get(name, []))]


def register_long_work(*, cluster: str, is_at_it: LongWork) -> None:
    """Have `is_at_it` asked whether a silent cluster does long work; an app calls this once, in `ready`."""
    known = _long_work.setdefault(cluster, [])
    if is_at_it not in known:
        known.append(is_at_it)


def state(*, cluster: str) -> QueueState:
    """Return the state of a queue, as its canaries show it."""
    heartbeat = QueueHeartbeat.objects.filter(pk=cluster).first()
    now = timezone.now()
    watched_since = now - timedelta(seconds=CANARY_EVERY_S + settings.WATCHDOG_SECONDS)
    if heartbeat is None or heartbeat.sent_at is None:
        return QueueState.STARTING
    if is_stuck(cluster=cluster):
        return QueueState.STUCK
    if heartbeat.answered_at is None:
        return QueueState.STARTING
    if heartbeat.answered_at >= heartbeat.sent_at and heartbeat.sent_at < watched_since:
        return QueueState.UNWATCHED
    return QueueState.RUNNING
