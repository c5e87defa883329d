"""The ended tasks of an account in the order of their ends: what a client reads that no callback can reach."""

from django.db.models import QuerySet

from catalog.models import EventClock, Job

MOST_EVENTS = 100  # of one answer


def ended_after(*, owner_id: int, number: int) -> list[Job]:
    """Return the next tasks that ended behind a number, in order."""
    return list(_behind(owner_id, number).order_by("end_number")[:MOST_EVENTS])


def any_ended_after(*, owner_id: int, number: int) -> bool:
    """Tell whether there are such."""
    return _behind(owner_id, number).exists()


def _behind(owner_id: int, number: int) -> QuerySet[Job]:
    return Job.objects.filter(owner_id=owner_id, end_number__gt=number)


def last_number(owner_id: int) -> int:
    """Return the number of the account's newest end; 0 without one."""
    clock = EventClock.objects.filter(owner_id=owner_id).values_list("last_number", flat=True).first()
    return clock or 0
