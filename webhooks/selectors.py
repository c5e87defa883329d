"""What staff pages read."""

import shlex

from django.db.models import Prefetch, QuerySet
from django.utils import timezone

from webhooks.models import Attempt, Message
from webhooks.services.sealed_secrets import secrets_in_force
from webhooks.signing import callback_headers
from webhooks.transport import request_headers


def messages_with_attempts(messages: QuerySet[Message]) -> QuerySet[Message]:
    """Return `messages` with their endpoints, owners and short attempts: three queries for any number of rows."""
    short = Attempt.objects.only("message_id", "number", "status", "ended_at", "error").order_by("number")
    return messages.select_related("endpoint__owner").prefetch_related(Prefetch("attempts", queryset=short))


def curl_command(message: Message) -> str:
    """Return a shell line that sends `message` from elsewhere, signed now: good for the receiver's tolerance."""
    now = timezone.now()
    signed = callback_headers(
        secrets=secrets_in_force(message.endpoint, now=now),
        message_id=message.message_id,
        task_id=message.subject,
        timestamp=int(now.timestamp()),
        body=message.body,
    )
    heads = [f"-H {shlex.quote(f'{name}: {value}')}" for name, value in request_headers(signed).items()]
    body = f"--data-binary {shlex.quote(message.body)}"
    return " \\\n  ".join(["curl -i -X POST", *heads, body, shlex.quote(message.endpoint.url)])
