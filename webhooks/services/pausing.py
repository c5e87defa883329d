"""Pauses: a callback URL gets nothing for a while if it asks so, its gateway is down, or too many attempts failed.

A pause ends with one try: the first callback that a worker claims. Until it has ended, `paused_until` is the end of
that worker's lease, so that nobody else tries. If it arrives, all that waits follows; else the next pause begins,
twice as long as the one before.
"""

from datetime import datetime, timedelta
from typing import Any

import structlog
from django.conf import settings
from django.db.models import F, Q

from webhooks.models import Endpoint
from webhooks.retry import retry_after
from webhooks.services.due import PAUSE, lease_length
from webhooks.transport import Answer

log = structlog.get_logger(__name__)
THROTTLING = (429, 502, 504)
NOT_PAUSED: dict[str, Any] = {"paused_until": None, "pause_reason": "", "pauses_in_row": 0}


def take_try(endpoint: Endpoint, *, now: datetime) -> datetime | None:
    """Claim the one try after a pause by a conditional UPDATE; return its lease's end, None if another has it."""
    until = now + lease_length()
    paused = Endpoint.objects.filter(PAUSE.over(now), pk=endpoint.pk)
    return until if paused.update(paused_until=until) else None


def end_pause(endpoint: Endpoint, *, tried_until: datetime | None) -> None:
    """End the pause after its try arrived, and send what waits. A pause that began meanwhile stays."""
    if tried_until:
        ended = Endpoint.objects.filter(pk=endpoint.pk, paused_until=tried_until).update(**NOT_PAUSED)
        if ended:
            log.info("endpoint_pause_ended", endpoint=endpoint.pk)


def pause_after(endpoint: Endpoint, *, answer: Answer, tried_until: datetime | None, now: datetime) -> None:
    """Begin a pause if a failed attempt is a reason for one; call it after the failure was counted."""
    found = Endpoint.objects.filter(pk=endpoint.pk).values("failures_in_row", "pauses_in_row").first()
    if found is None:
        return
    reason = _reason(answer, tried_until=tried_until, failures=found["failures_in_row"])
    if not reason:
        return
    asked = retry_after(answer.headers, now=now) or timedelta(0)
    until = now + max(_length(reason, before=found["pauses_in_row"]), asked)
    mine = Endpoint.objects.filter(Q(paused_until=None) | Q(paused_until=tried_until), pk=endpoint.pk)
    if mine.update(paused_until=until, pause_reason=reason, pauses_in_row=F("pauses_in_row") + 1):
        log.warning("endpoint_paused", endpoint=endpoint.pk, reason=reason, until=until.isoformat())
    elif asked:  # others were sent at the same moment, and this one was told to stay away for longer
        Endpoint.objects.filter(pk=endpoint.pk, paused_until__lt=until).update(paused_until=until)


def _reason(answer: Answer, *, tried_until: datetime | None, failures: int) -> str:
    if answer.status in THROTTLING:
        return Endpoint.Pause.THROTTLED.value
    if tried_until or failures >= settings.WEBHOOK_CIRCUIT_FAILURES:
        return Endpoint.Pause.FAILING.value
    return ""


def _length(reason: str, *, before: int) -> timedelta:
    """Return how long a pause is after `before` others in a row: each twice the one before, up to the limit."""
    throttled = reason == Endpoint.Pause.THROTTLED
    first_s: int = settings.WEBHOOK_THROTTLE_SECONDS if throttled else settings.WEBHOOK_CIRCUIT_SECONDS
    longest_s: int = settings.WEBHOOK_PAUSE_MAX_SECONDS
    return timedelta(seconds=min(first_s * 2 ** min(before, 30), longest_s))
