"""What staff pages read."""

import shlex
from statistics import median

from django.db.models import Prefetch, QuerySet
from django.utils import timezone

from webhooks.models import Attempt, Endpoint, Message
from webhooks.services.sealed_secrets import secrets_in_force
from webhooks.signing import callback_headers
from webhooks.transport import request_headers


def messages_with_attempts(messages: QuerySet[Message]) -> QuerySet[Message]:
    """Return `messages` with their endpoints, owners and short attempts: three queries for any number of rows."""
    short = Attempt.objects.only("message_id", "number", "status", "ended_at", "error").order_by("number")
    return messages.select_related("endpoint__owner").prefetch_related(Prefetch("attempts", queryset=short))


def typical_answer_ms(endpoint: Endpoint) -> int | None:
    """Return the median duration of the endpoint's newest answered attempts, up to a hundred; None without any."""
    answered = Attempt.objects.filter(message__endpoint=endpoint, status__isnull=False, duration_ms__isnull=False)
    newest = [attempt.duration_ms or 0 for attempt in answered.only("duration_ms").order_by("-pk")[:100]]
    return round(median(newest)) if newest else None


def curl_command(message: Message) -> str:
    """Return a shell line that sends `message` from elsewhere, signed now: good for the receiver's tolerance.

    Raises SecretUnreadableError.
    """
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
