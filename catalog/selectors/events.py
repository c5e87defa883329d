"""An account's ended tasks in the order in which they ended: the feed for clients that no callback can reach."""

from collections.abc import Collection

from catalog.models import EventClock, Job

MOST_EVENTS = 100  # of one answer


def ended_after(*, owner_id: int, number: int) -> list[Job]:
    """Return the next tasks that ended after a number, in order."""
    ended = Job.objects.filter(owner_id=owner_id, end_number__gt=number)
    return list(ended.as_told().order_by("end_number")[:MOST_EVENTS])


def last_number(owner_id: int) -> int:
    """Return the number of the account's newest end; 0 without one. A client can read every end up to it."""
    return last_numbers([owner_id]).get(owner_id, 0)


def last_numbers(owner_ids: Collection[int]) -> dict[int, int]:
    """Return the number of the newest end of each account that has one."""
    return dict(EventClock.objects.filter(owner_id__in=owner_ids).values_list("owner_id", "last_number"))
