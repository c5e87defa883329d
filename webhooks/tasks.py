"""The functions that the queue calls by dotted name."""

from webhooks.services.delivery import deliver


def deliver_message(message_pk: int) -> bool:
    """Make one attempt at a message; return whether one was made."""
    return deliver(message_pk=message_pk)
