"""Callback URLs of the API, and callbacks that were sent to them."""

from django.contrib.auth.models import User

from tests.webhooks.conftest import CHECKED, TASK_ID
from webhooks.models import Message
from webhooks.services import queue_messages
from webhooks.tasks import deliver_message

URLS = "/api/v1/callback-url"


def sent(owner: User, key: str = "end") -> Message:
    """Make the callback of a task that ended, and deliver it."""
    (message,) = queue_messages(owner=owner, event="check_is_same", event_key=key, subject=TASK_ID, body=CHECKED)
    deliver_message(message.pk)
    message.refresh_from_db()
    return message
