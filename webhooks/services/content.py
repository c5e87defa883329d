"""Deleting the content of a callback on request; that it was sent, when and with what outcome, stays."""

from datetime import datetime

from django.db import transaction
from django.db.models import Q

from webhooks.models import Message

DELETED_BEFORE = "Its content was deleted before it was delivered."


class BeingSentError(Exception):
    """A worker is sending the callback now; the message says so, for a person."""


def delete_content(*, message: Message, now: datetime) -> None:
    """Delete a message's body, and the requests and answers of its attempts. One that waited fails.

    It can never be sent again.

    Raises:
        BeingSentError: a worker is sending it now.

    """
    with transaction.atomic():
        free = Message.objects.filter(~Q(state=Message.State.DELIVERING), pk=message.pk)
        if not free.update(body="", cause="", content_deleted_at=now):
            raise BeingSentError("The callback is being sent at the moment. Try again when it has ended.")
        Message.objects.filter(pk=message.pk, state=Message.State.PENDING).update(
            state=Message.State.FAILED, error=DELETED_BEFORE, queued_until=None
        )
        message.attempts.update(request_headers={}, response_headers={}, response_body="")
    message.refresh_from_db()
