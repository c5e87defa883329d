"""What staff pages read."""

import shlex
from dataclasses import dataclass
from datetime import datetime
from statistics import median

from django.db.models import Count, Min, Prefetch, Q, QuerySet
from django.utils import timezone

from webhooks.models import Attempt, Endpoint, Message, Refused
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


@dataclass(frozen=True)
class Recovery:
    """How the last recovery of an endpoint stands, in messages."""

    started_at: datetime
    total: int
    waiting: int
    failed: int

    @property
    def done(self) -> int:
        """How many have come to an end again."""
        return max(self.total - self.waiting, 0)

    @property
    def delivered(self) -> int:
        """How many arrived."""
        return max(self.done - self.failed, 0)


@dataclass(frozen=True)
class Health:
    """What the page of an endpoint shows."""

    endpoint: Endpoint
    delivered: int
    failed: int
    waiting: int
    next_try_at: datetime | None
    typical_ms: int | None
    recovery: Recovery | None
    newest: list[Message]

    @property
    def ended(self) -> int:
        """Messages that were delivered or given up."""
        return self.delivered + self.failed

    @property
    def success_rate(self) -> float:
        """Per cent of the ended ones that were delivered."""
        return 100 * self.delivered / self.ended if self.ended else 0.0

    @property
    def why(self) -> str:
        """The reason of a state that is not good."""
        return self.endpoint.disabled_reason or self.endpoint.verify_error

    @property
    def overlap_until(self) -> datetime | None:
        """Until when the secret before the current one signs too."""
        until = self.endpoint.previous_secret_until
        return until if until and until > timezone.now() else None

    @property
    def is_moving(self) -> bool:
        """Whether the page is to look again by itself."""
        return bool(self.waiting) and self.endpoint.is_deliverable


NEWEST_SHOWN = 10


def health_of(endpoint_pk: int) -> Health | None:
    """Return how an endpoint does; None where there is none of that number."""
    endpoint = Endpoint.objects.select_related("owner").filter(pk=endpoint_pk).first()
    if endpoint is None:
        return None
    on_its_way = Q(state__in=[Message.State.PENDING, Message.State.DELIVERING])
    told = endpoint.messages.aggregate(
        delivered=Count("pk", filter=Q(state=Message.State.DELIVERED)),
        failed=Count("pk", filter=Q(state=Message.State.FAILED)),
        waiting=Count("pk", filter=on_its_way),
        next_try_at=Min("next_attempt_at", filter=Q(state=Message.State.PENDING)),
    )
    if not endpoint.is_deliverable:
        told["next_try_at"] = None
    return Health(
        endpoint=endpoint,
        typical_ms=typical_answer_ms(endpoint),
        recovery=_recovery_of(endpoint, on_its_way),
        newest=list(messages_with_attempts(endpoint.messages.order_by("-pk"))[:NEWEST_SHOWN]),
        **told,
    )


def _recovery_of(endpoint: Endpoint, on_its_way: Q) -> Recovery | None:
    started_at = endpoint.recovery_started_at
    if started_at is None:
        return None
    of_it = Q(created_at__lt=started_at, schedule_start__gte=started_at)
    told = endpoint.messages.filter(of_it).aggregate(
        waiting=Count("pk", filter=on_its_way), failed=Count("pk", filter=Q(state=Message.State.FAILED))
    )
    return Recovery(started_at=started_at, total=endpoint.recovery_total, **told)


def refused_by_reason(*, source_pk: int | None = None) -> list[tuple[str, int]]:
    """Return how many of the kept refusals each reason has, most first; of one source where it is given."""
    kept = Refused.objects.filter(source=source_pk) if source_pk else Refused.objects.all()
    counts = kept.order_by().values_list("reason").annotate(number=Count("pk")).order_by("-number")
    return [(Refused.Reason(reason).label, number) for reason, number in counts]


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
