"""Scans that start by themselves, every day or week: one at a time, and of missed runs only one.

The sweeper looks at the schedules again and again. The run and the schedule's next time are stored in one transaction
by a conditional UPDATE, so two sweepers start one scan. A schedule that is due while a scan runs waits for its end.
"""

from datetime import datetime, time, timedelta

import structlog
from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

from catalog.models import Scan, ScanSchedule
from catalog.scans.starting import Order, ScanRunningError, begin, order_of
from catalog.selectors.track_filters import words_of
from catalog.services.errors import CatalogError

MAY_SCHEDULE = ("catalog.view_scan", "catalog.add_scan", "catalog.change_scan")
MOST_SCHEDULES = 50
_WEEK = timedelta(days=7)
_TURN = timedelta(days=1)  # of the clock: a week may be an hour longer in autumn
log = structlog.get_logger(__name__)


def next_run(*, every: str, weekday: int, at: time, after: datetime) -> datetime:
    """Return the first time after `after` at which such a schedule runs, by the clock of `TIME_ZONE`."""
    day = timezone.localtime(after).date()
    while True:
        moment = timezone.make_aware(datetime.combine(day, at))
        if moment > after and (every == ScanSchedule.Every.DAY or day.weekday() == weekday):
            return moment
        day += timedelta(days=1)


def save_schedule(
    *, schedule: ScanSchedule | None, asked: str, every: str, weekday: int, at: time, is_on: bool, set_by: User
) -> ScanSchedule:
    """Make or change a schedule; from then on it runs in the name of `set_by`.

    Raises:
        CatalogError: there are too many schedules.

    """
    if schedule is None and ScanSchedule.objects.count() >= MOST_SCHEDULES:
        raise CatalogError(f"There are {MOST_SCHEDULES} schedules already. Change or delete one.")
    row = schedule or ScanSchedule()
    row.asked, row.every, row.weekday, row.at, row.is_on, row.set_by = asked, every, weekday, at, is_on, set_by
    row.words = "; ".join(words_of(asked))
    row.next_at = _after_now(row) if is_on else None
    row.refusal = ""
    row.save()
    return row


def switch_schedule(*, schedule: ScanSchedule, is_on: bool) -> bool:
    """Switch a schedule on or off; False if it is so already."""
    changed = ScanSchedule.objects.filter(pk=schedule.pk).exclude(is_on=is_on)
    return bool(changed.update(is_on=is_on, next_at=_after_now(schedule) if is_on else None, refusal=""))


def delete_schedule(*, schedule: ScanSchedule) -> None:
    """Delete a schedule; its scans stay."""
    ScanSchedule.objects.filter(pk=schedule.pk).delete()  # the row at hand keeps its number for the audit trail


def start_due() -> int:
    """Start the scan of the schedule that waits longest, if no scan runs; return how many started, 0 or 1."""
    now = timezone.now()
    _mend_far_ones(now)
    if Scan.objects.filter(status=Scan.Status.RUNNING).exists():
        return 0
    for schedule in ScanSchedule.objects.filter(next_at__lte=now).select_related("set_by").order_by("next_at", "pk"):
        if _start(schedule, now):
            return 1
    return 0


def _after_now(schedule: ScanSchedule) -> datetime:
    return _after(schedule, timezone.now())


def _after(schedule: ScanSchedule, after: datetime) -> datetime:
    return next_run(every=schedule.every, weekday=schedule.weekday, at=schedule.at, after=after)


def _mend_far_ones(now: datetime) -> None:
    """Set times anew that no schedule has: they were written under a clock that was set back since."""
    for schedule in ScanSchedule.objects.filter(next_at__gt=now + _WEEK + _TURN):
        ScanSchedule.objects.filter(pk=schedule.pk, next_at=schedule.next_at).update(next_at=_after(schedule, now))


def _start(schedule: ScanSchedule, now: datetime) -> bool:
    """Start one scan, however many runs were missed; True where it was started."""
    try:
        return _begin(schedule, _order(schedule), now)
    except ScanRunningError:  # the schedule stays due
        return False
    except CatalogError as refusal:
        _move_on(schedule, now, refusal=str(refusal))
        log.warning("scheduled_scan_refused", schedule=schedule.pk, reason=str(refusal))
        return False


def _order(schedule: ScanSchedule) -> Order:
    if not (schedule.set_by.is_active and schedule.set_by.has_perms(MAY_SCHEDULE)):
        name = schedule.set_by.get_username()
        raise CatalogError(f"{name} may not start scans any more. Somebody who may must save the schedule again.")
    return order_of(schedule.asked)


def _begin(schedule: ScanSchedule, order: Order, now: datetime) -> bool:
    with transaction.atomic():
        moved = _move_on(schedule, now, refusal="")
        if moved:  # or another sweeper started it, or somebody changed the schedule meanwhile
            scan = begin(order, started_by=schedule.set_by, schedule=schedule)
            ScanSchedule.objects.filter(pk=schedule.pk).update(last_scan=scan)
    return moved


def _move_on(schedule: ScanSchedule, now: datetime, *, refusal: str) -> bool:
    due = ScanSchedule.objects.filter(pk=schedule.pk, is_on=True, next_at=schedule.next_at)
    return bool(due.update(next_at=_after(schedule, now), last_at=now, refusal=refusal))
