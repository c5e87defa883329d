"""The ends of an account's tasks, numbered under a row lock, so that no reader can skip one that commits late."""

from django.db.models import F

from catalog.models import EventClock


def next_end_number(owner_id: int) -> int:
    """Take the account's next number. Call inside a transaction: the clock's row stays locked until it commits.

    A number whose task did not end after all stays unused.
    """
    EventClock.objects.get_or_create(owner_id=owner_id)
    EventClock.objects.filter(owner_id=owner_id).update(last_number=F("last_number") + 1)
    return EventClock.objects.get(owner_id=owner_id).last_number
