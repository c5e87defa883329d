"""What staff pages read of callbacks."""

import shlex
from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from statistics import median
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Aggregate, Count, JSONField, Min, OuterRef, Prefetch, Q, QuerySet, Subquery, Value
from django.db.models.sql.compiler import SQLCompiler
from django.utils import timezone

from webhooks.models import Attempt, Endpoint, Message, Refused
from webhooks.secret_box import SecretUnreadableError
from webhooks.services.custom_headers import headers_of, masked
from webhooks.services.history import given_up
from webhooks.services.sealed_secrets import secrets_in_force
from webhooks.services.signatures import public_keys, signed_headers
from webhooks.services.standing import Standing, standing_of
from webhooks.transport import request_headers


def messages_with_attempts(messages: QuerySet[Message]) -> QuerySet[Message]:
    """Return `messages` with endpoints, owners and attempts (without bodies): three queries for any number of rows."""
    short = Attempt.objects.only("message_id", "number", "status", "ended_at", "error").order_by("number")
    return messages.select_related("endpoint__owner").prefetch_related(Prefetch("attempts", queryset=short))


class _JsonList(Aggregate):
    """The values of a group as one JSON list, which either database can make."""

    output_field = JSONField()
    template = "%(function)s(%(expressions)s)"
    function = "JSON_GROUP_ARRAY"

    def as_postgresql(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **context: Any) -> Any:
        """PostgreSQL calls it otherwise."""
        return self.as_sql(compiler, connection, function="JSONB_AGG", **context)


def with_last_deliveries(endpoints: QuerySet[Endpoint]) -> QuerySet[Endpoint]:
    """Annotate `last_delivered_at`, and `answered_ms`: how long the receiver took for up to a hundred newest callbacks.

    The list's one query reads them, by an index of the delivered messages, however many there are.
    """
    delivered = Message.objects.filter(endpoint=OuterRef("pk"), state=Message.State.DELIVERED).order_by("-delivered_at")
    newest = Message.objects.filter(endpoint=OuterRef(OuterRef("pk")), state=Message.State.DELIVERED)
    took = Attempt.objects.filter(
        message__in=newest.order_by("-delivered_at").values("pk")[:ANSWERS_LOOKED_AT], status__gte=200, status__lt=300
    )
    one_group = took.order_by().annotate(all_of_them=Value(1)).values("all_of_them")
    return endpoints.annotate(
        last_delivered_at=Subquery(delivered.values("delivered_at")[:1]),
        answered_ms=Subquery(one_group.annotate(list=_JsonList("duration_ms")).values("list")),
    )


def typical_ms(answered_ms: list[int | None] | None) -> int | None:
    """Return the median of `answered_ms` in ms; None if nothing was delivered."""
    known = [took for took in answered_ms or [] if took is not None]
    return round(median(known)) if known else None


@dataclass(frozen=True)
class Recovery:
    """The state of the last recovery of a URL, in numbers of messages."""

    started_at: datetime
    total: int
    waiting: int
    failed: int

    @property
    def done(self) -> int:
        """How many have ended again."""
        return max(self.total - self.waiting, 0)

    @property
    def delivered(self) -> int:
        """How many arrived."""
        return max(self.done - self.failed, 0)


@dataclass(frozen=True)
class Health:
    """What the page of a URL shows. Of the `attempts` at its newest callbacks `accepted` were answered with 2xx."""

    endpoint: Endpoint
    delivered: int
    failed: int
    lost: int
    waiting: int
    next_try_at: datetime | None
    typical_ms: int | None
    last_delivered_at: datetime | None
    recovery: Recovery | None
    newest: list[Message]
    attempts: int
    accepted: int

    @property
    def ended(self) -> int:
        """How many messages were delivered or given up."""
        return self.delivered + self.failed

    @cached_property
    def standing(self) -> Standing:
        """The state, its reason and what to do about it."""
        return standing_of(self.endpoint, now=timezone.now(), lost_count=self.lost)

    @property
    def headers(self) -> list[str]:
        """The names of the URL's own headers."""
        try:
            return list(headers_of(self.endpoint))
        except SecretUnreadableError:
            return []

    @property
    def public_keys(self) -> list[str]:
        """The public keys that check `webhook-signature`, current first; none if the URL's callbacks carry an HMAC."""
        try:
            return public_keys(self.endpoint)
        except SecretUnreadableError:
            return []

    @property
    def last_challenge(self) -> str:
        """What was wrong with the last answer to a challenge, if callbacks are sent all the same."""
        return self.endpoint.verify_error if self.endpoint.verified_at else ""

    @property
    def overlap_until(self) -> datetime | None:
        """Until when callbacks are signed with the secret before the current one, too."""
        until = self.endpoint.previous_secret_until
        return until if until and until > timezone.now() else None

    @property
    def is_moving(self) -> bool:
        """Whether the page reloads by itself."""
        return bool(self.waiting) and self.endpoint.is_deliverable


NEWEST_SHOWN = 10
ANSWERS_LOOKED_AT = 100
RATED_CALLBACKS = 1_000  # the newest, with some thousand attempts: a rate needs no more
_NOT_DELIVERED = [state for state in Message.State.values if state != Message.State.DELIVERED]


def health_of(endpoint_pk: int) -> Health | None:
    """Return what the page of a URL shows; None if there is no such URL."""
    endpoint = with_last_deliveries(Endpoint.objects.select_related("owner")).filter(pk=endpoint_pk).first()
    if endpoint is None:
        return None
    return Health(
        endpoint=endpoint,
        next_try_at=_next_try_at(endpoint),
        typical_ms=typical_ms(endpoint.answered_ms),  # type: ignore[attr-defined]
        last_delivered_at=endpoint.last_delivered_at,  # type: ignore[attr-defined]
        recovery=_recovery_of(endpoint),
        newest=list(messages_with_attempts(endpoint.messages.order_by("-pk"))[:NEWEST_SHOWN]),
        lost=given_up(endpoint.messages.all(), now=timezone.now()).count(),
        **_counts_of(endpoint),
        **_attempts_at(endpoint),
    )


def _counts_of(endpoint: Endpoint) -> dict[str, int]:
    """Count by state from an index alone: a row has its whole body, and there may be very many."""
    number = defaultdict(int, endpoint.messages.order_by().values_list("state").annotate(Count("pk")))
    return {
        "delivered": number[Message.State.DELIVERED],
        "failed": number[Message.State.FAILED],
        "waiting": number[Message.State.PENDING] + number[Message.State.DELIVERING],
    }


def _next_try_at(endpoint: Endpoint) -> datetime | None:
    if not endpoint.is_deliverable:
        return None
    waiting = endpoint.messages.filter(state=Message.State.PENDING)
    due: datetime | None = waiting.aggregate(at=Min("next_attempt_at"))["at"]
    return max(due, endpoint.paused_until or due) if due else None


def _attempts_at(endpoint: Endpoint) -> dict[str, Any]:
    newest = endpoint.messages.order_by("-created_at", "-pk").values("pk")[:RATED_CALLBACKS]
    ended = Attempt.objects.filter(message__in=newest, ended_at__isnull=False).order_by()
    return ended.aggregate(attempts=Count("pk"), accepted=Count("pk", filter=Q(status__gte=200, status__lt=300)))


def _recovery_of(endpoint: Endpoint) -> Recovery | None:
    started_at = endpoint.recovery_started_at
    if started_at is None:
        return None
    # By state from an index: most have arrived again, and a row has its whole body.
    unfinished = endpoint.messages.filter(state__in=_NOT_DELIVERED, created_at__lt=started_at)
    counts = unfinished.filter(schedule_start__gte=started_at).order_by().values_list("state").annotate(Count("pk"))
    number = defaultdict(int, counts)
    failed = number.pop(Message.State.FAILED, 0)
    return Recovery(started_at=started_at, total=endpoint.recovery_total, waiting=sum(number.values()), failed=failed)


def refused_by_reason(*, source_pk: int | None = None) -> list[tuple[str, int]]:
    """Return how many of the kept refusals have each reason, most first; only those of one source if given."""
    kept = Refused.objects.filter(source=source_pk) if source_pk else Refused.objects.all()
    counts = kept.order_by().values_list("reason").annotate(number=Count("pk")).order_by("-number")
    return [(Refused.Reason(reason).label, number) for reason, number in counts]


def curl_command(message: Message) -> str:
    """Return a shell command that sends `message`, signed now, so that it is valid for the receiver's tolerance.

    The values of the URL's own headers are left out.

    Raises:
        SecretUnreadableError: the secret was encrypted under another key.

    """
    now = timezone.now()
    signed = signed_headers(
        message.endpoint,
        secrets=secrets_in_force(message.endpoint, now=now),
        message_id=message.message_id,
        task_id=message.subject,
        body=message.body,
        now=now,
    )
    sent = request_headers(signed) | masked(headers_of(message.endpoint))
    heads = [f"-H {shlex.quote(f'{name}: {value}')}" for name, value in sent.items()]
    body = f"--data-binary {shlex.quote(message.body)}"
    return " \\\n  ".join(["curl -i -X POST", *heads, body, shlex.quote(message.endpoint.url)])
