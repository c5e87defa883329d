"""What staff pages read of callback URLs over time: counts of hours or days, failures by cause, changes of state."""

from bisect import bisect
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from functools import cached_property

from django.db.models import Count, Max, OuterRef, Q, Subquery
from django.utils import timezone

from webhooks.models import AttemptCount, Endpoint, Message, StateChange
from webhooks.services.counting import hour_of, typical_of

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
URLS_A_PAGE = 10
GROUPS_SHOWN = 50
CHANGES_SHOWN = 10


@dataclass(frozen=True)
class Period:
    """How far a page looks back: `bars` hours or days, the last of them not over yet."""

    key: str
    words: str
    bars: int
    length: timedelta

    def begins(self, now: datetime) -> list[datetime]:
        """Return the beginnings of its bars, oldest first; days begin at midnight here."""
        back = reversed(range(self.bars))
        if self.length == DAY:
            today = timezone.localtime(now)
            return [timezone.make_aware(datetime.combine(today.date() - DAY * ago, time())) for ago in back]
        return [hour_of(now) - HOUR * ago for ago in back]


PERIODS = (
    Period("1", "24 hours", 24, HOUR),
    Period("7", "7 days", 168, HOUR),
    Period("30", "30 days", 30, DAY),
)


def period_of(key: str | None) -> Period:
    """Return the period that a page was asked for; the shortest for anything else."""
    return next((period for period in PERIODS if period.key == key), PERIODS[0])


@dataclass
class Bar:
    """An hour or a day of one URL. `steps` are the accepted attempts by their time to answer."""

    begins: datetime
    sent: int = 0
    failed: int = 0
    given_up: int = 0
    steps: dict[int, int] = field(default_factory=lambda: defaultdict(int))

    @property
    def accepted(self) -> int:
        """Attempts that the receiver accepted."""
        return self.sent - self.failed

    @property
    def is_empty(self) -> bool:
        """Whether nothing happened in it."""
        return not (self.sent or self.given_up)

    @cached_property
    def median_ms(self) -> int | None:
        """Half of the accepted attempts were answered within this."""
        return typical_of(self.steps.items(), 0.5)

    @cached_property
    def slow_ms(self) -> int | None:
        """95 % of them were."""
        return typical_of(self.steps.items(), 0.95)

    def add(self, *, cause: str, step: int, attempts: int, given_up: int) -> None:
        """Count some more."""
        self.sent += attempts
        self.given_up += given_up
        if cause:
            self.failed += attempts
        else:
            self.steps[step] += attempts


@dataclass(frozen=True)
class Group:
    """Callbacks to one URL that were given up for one cause; the newest of them was made at `newest_at`."""

    endpoint_pk: int
    url: str
    cause: str
    callbacks: int
    newest_at: datetime


@dataclass(frozen=True)
class Span:
    """A time in one state; `begins` is not before the period."""

    state: str
    begins: datetime
    ends: datetime


@dataclass(frozen=True)
class OverTime:
    """How one URL did in a period."""

    endpoint: Endpoint
    bars: Sequence[Bar]
    spans: Sequence[Span]
    changes: Sequence[StateChange]

    @cached_property
    def total(self) -> Bar:
        """All bars in one."""
        total = Bar(self.bars[0].begins)
        for bar in self.bars:
            total.sent += bar.sent
            total.failed += bar.failed
            total.given_up += bar.given_up
            for step, count in bar.steps.items():
                total.steps[step] += count
        return total


def over_time(endpoints: Sequence[Endpoint], *, period: Period, now: datetime) -> list[OverTime]:
    """Return how these URLs did, in three queries: few rows an hour, however many attempts there were."""
    begins = period.begins(now)
    keys = [endpoint.pk for endpoint in endpoints]
    bars = _bars(keys, begins)
    changes = _changes(keys, begins[0])
    return [
        OverTime(
            endpoint=endpoint,
            bars=bars[endpoint.pk],
            spans=_spans(changes[endpoint.pk], begins[0], now),
            changes=[change for change in reversed(changes[endpoint.pk]) if change.at >= begins[0]][:CHANGES_SHOWN],
        )
        for endpoint in endpoints
    ]


def _bars(keys: Sequence[int], begins: Sequence[datetime]) -> dict[int, list[Bar]]:
    bars = {key: [Bar(moment) for moment in begins] for key in keys}
    counts = AttemptCount.objects.filter(endpoint__in=keys, hour__gte=begins[0]).order_by()
    columns = ("endpoint_id", "hour", "cause", "step", "attempts", "given_up")
    for endpoint_pk, hour, cause, step, attempts, given_up in counts.values_list(*columns).iterator():
        bar = bars[endpoint_pk][bisect(begins, hour) - 1]
        bar.add(cause=cause, step=step, attempts=attempts, given_up=given_up)
    return bars


def _changes(keys: Sequence[int], since: datetime) -> dict[int, list[StateChange]]:
    """Return the changes of each URL, oldest first: those since, and the last one before, which held until then."""
    before = StateChange.objects.filter(endpoint=OuterRef("endpoint"), at__lt=since).order_by("-at")
    wanted = Q(at__gte=since) | Q(pk=Subquery(before.values("pk")[:1]))
    found: dict[int, list[StateChange]] = {key: [] for key in keys}
    for change in StateChange.objects.filter(wanted, endpoint__in=keys).order_by("at", "pk"):
        found[change.endpoint_id].append(change)
    return found


def _spans(changes: Sequence[StateChange], since: datetime, now: datetime) -> list[Span]:
    ends = [*(change.at for change in changes[1:]), now]
    spans = [Span(one.state, max(one.at, since), end) for one, end in zip(changes, ends, strict=False)]
    return [span for span in spans if span.ends > span.begins]


def failures_by_cause(*, endpoint_pk: int | None = None) -> list[Group]:
    """Return the callbacks that were given up and not sent again since, by URL and cause, most first; by one index.

    Of one URL, or of all that somebody still uses.
    """
    failed = Message.objects.filter(state=Message.State.FAILED).exclude(cause="")  # without content: nothing to send
    if endpoint_pk:
        failed = failed.filter(endpoint=endpoint_pk)
    else:
        failed = failed.filter(endpoint__removed_at=None, endpoint__disabled_by_owner=False)
    groups = failed.order_by().values("endpoint", "endpoint__url", "cause")
    counted = groups.annotate(callbacks=Count("pk"), newest=Max("created_at")).order_by("-callbacks")[:GROUPS_SHOWN]
    return [
        Group(row["endpoint"], row["endpoint__url"], row["cause"], row["callbacks"], row["newest"]) for row in counted
    ]
