"""The sweeper's part in callbacks: it queues what is due, and ends what nobody will deliver."""

from datetime import datetime
from itertools import groupby
from operator import itemgetter

from django.conf import settings
from django.db import transaction
from django.db.models import Min, QuerySet
from django.utils import timezone
from django_q.models import OrmQ

from queueing.retrying import for_each
from webhooks.causes import Cause
from webhooks.models import Attempt, Endpoint, Message
from webhooks.services.counting import count_attempts
from webhooks.services.due import PAUSE, TRUST, is_due, open_endpoints, queue_trust, schedule_length
from webhooks.services.messages import DISABLED, QUEUE_NAME, enqueue

SWEEP_LIMIT = 200
BATCH_ROWS = 1000
LOST = "The worker stopped at the last attempt of the schedule."
LOST_WORKER = "The worker stopped before the answer was recorded."
NEVER_VERIFIED = "The callback URL was not verified within the retry schedule."


def sweep_due_messages(*, now: datetime | None = None) -> int:
    """Queue what is due and not in the queue: retries, messages whose worker died, messages the queue lost.

    Safe to call from several processes at once. Returns how many were queued.
    """
    moment = now or timezone.now()
    _end_undeliverable(moment)
    _end_lost(moment)
    keys = [*_due_keys(moment), *_first_after_a_pause(moment)]
    return for_each(keys, lambda pk: enqueue(pk, now=moment), failed=lambda pk: _put_off(pk, now=moment))


def _due_keys(now: datetime) -> list[int]:
    due = _not_in_queue(now).filter(endpoint__in=open_endpoints().filter(paused_until=None))
    if _queue_is_long(now):
        # There a message that nobody looked at is late and not lost: queued once more every time, the entries of a
        # receiver that hangs would grow without end.
        due = due.filter(queued_until=None)
    return list(due.values_list("pk", flat=True).order_by("next_attempt_at")[:SWEEP_LIMIT])


def _first_after_a_pause(now: datetime) -> list[int]:
    """Return one message of each URL whose pause is over: it is the try that decides whether the others follow."""
    ready = list(open_endpoints().filter(PAUSE.over(now)).values_list("pk", flat=True)[:SWEEP_LIMIT])
    if not ready:
        return []
    waiting = _not_in_queue(now).filter(endpoint__in=ready).order_by()
    return list(waiting.values("endpoint").annotate(first=Min("pk")).values_list("first", flat=True))


def _not_in_queue(now: datetime) -> QuerySet[Message]:
    return Message.objects.filter(is_due(now), TRUST.free(now))


def _queue_is_long(now: datetime) -> bool:
    """Tell whether many entries wait; those that were taken do not count, as a killed cluster leaves its own locked."""
    return bool(OrmQ.objects.filter(key=QUEUE_NAME, lock__lte=now)[SWEEP_LIMIT - 1 : SWEEP_LIMIT].exists())


def _end_undeliverable(now: datetime) -> None:
    """Fail what nobody will deliver: it can be recovered once somebody would.

    That is what became due for a disabled endpoint (it was in a worker's hands when the endpoint was disabled), and
    what has waited for its URL to be verified for as long as it would have been tried.
    """
    due = Message.objects.filter(is_due(now))
    _fail(due, of=Endpoint.objects.filter(disabled_at__isnull=False), error=DISABLED, cause=Cause.DISABLED, now=now)
    # No schedule begins before its message was made, and for that column there is an index.
    longest = now - schedule_length()
    waited = due.filter(schedule_start__lte=longest, created_at__lte=longest)
    unverified = Endpoint.objects.filter(verified_at=None)
    _fail(waited, of=unverified, error=NEVER_VERIFIED, cause=Cause.UNVERIFIED, now=now)


def _fail(messages: QuerySet[Message], *, of: QuerySet[Endpoint], error: str, cause: Cause, now: datetime) -> None:
    """Fail messages of these endpoints, some at a time: looked for first, as there are none as good as always.

    By the endpoints' numbers and in the order of an index, which SQLite would not take by itself.
    """
    endpoints = list(of.values_list("pk", flat=True))
    keys = messages.filter(endpoint__in=endpoints).order_by("endpoint_id", "state", "created_at")
    found = list(keys.values_list("endpoint_id", "pk")[:BATCH_ROWS]) if endpoints else []
    for endpoint_pk, of_one in groupby(found, key=itemgetter(0)):
        with transaction.atomic():
            here = messages.filter(pk__in=[pk for _, pk in of_one], endpoint__in=of)
            count = here.update(state=Message.State.FAILED, error=error, cause=cause, queued_until=None)
            if count:
                count_attempts(endpoint_pk=endpoint_pk, now=now, cause=cause.value, given_up=count)


def _end_lost(now: datetime) -> None:
    """Fail what was lost at the schedule's last attempt: a message that kills its worker would come again for ever."""
    last = {"state": Message.State.DELIVERING, "schedule_step__gte": len(settings.WEBHOOK_SCHEDULE_SECONDS)}
    lost = Message.objects.filter(is_due(now), **last)
    ends = {"state": Message.State.FAILED, "error": LOST, "cause": Cause.WORKER, "queued_until": None}
    for pk, endpoint_pk in list(lost.values_list("pk", "endpoint_id")[:SWEEP_LIMIT]):
        with transaction.atomic():
            if lost.filter(pk=pk).update(**ends):
                ended = Attempt.objects.filter(message=pk, ended_at=None).update(ended_at=now, error=LOST_WORKER)
                worker = Cause.WORKER.value
                count_attempts(endpoint_pk=endpoint_pk, now=now, cause=worker, attempts=ended, given_up=1)


def _put_off(pk: int, *, now: datetime) -> None:
    """Leave a message for a while that could not be queued: those behind it come first then."""
    Message.objects.filter(TRUST.free(now), pk=pk).update(queued_until=now + queue_trust())
