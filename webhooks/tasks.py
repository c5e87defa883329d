"""What the queue calls, by dotted name."""

from webhooks.services.delivery import deliver


def deliver_message(message_pk: int) -> bool:
    """Make one attempt at a message; return whether it was this call's to make."""
    return deliver(message_pk=message_pk)
