"""The ends of an account's tasks, numbered under a row lock, so that no reader skips one that commits late."""

from django.db.models import F

from catalog.models import EventClock


def next_end_number(owner_id: int) -> int:
    """Take the account's next number. Call it inside a transaction: the row stays locked until that commits.

    If the task does not end after all, its number stays unused.
    """
    EventClock.objects.get_or_create(owner_id=owner_id)
    EventClock.objects.filter(owner_id=owner_id).update(last_number=F("last_number") + 1)
    return EventClock.objects.get(owner_id=owner_id).last_number
