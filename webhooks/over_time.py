"""What staff pages read of callback URLs over time: counts by hour or day, failures by cause, changes of state."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property

from django.db.models import Count, F, Max, OuterRef, Q, Subquery, Sum
from django.utils import timezone

from webhooks.models import AttemptCount, Endpoint, Message, StateChange
from webhooks.services.counting import HOUR_S, hour_of, typical_of

HOURS_A_DAY = 24
URLS_A_PAGE = 10
GROUPS_SHOWN = 50
CHANGES_SHOWN = 10


@dataclass(frozen=True)
class Period:
    """How far back a page looks: `bars` of so many hours each; the last one is not over yet."""

    key: str
    words: str
    bars: int
    hours: int

    def first_hour(self, now: datetime) -> int:
        """Return where the first bar begins, in hours since 1970; days begin at midnight of `TIME_ZONE`."""
        last = timezone.localtime(now).replace(hour=0) if self.hours == HOURS_A_DAY else now
        return hour_of(last) - self.hours * (self.bars - 1)


PERIODS = (
    Period("1", "24 hours", 24, 1),
    Period("7", "7 days", 168, 1),
    Period("30", "30 days", 30, HOURS_A_DAY),
)


def period_of(key: str | None) -> Period:
    """Return the period that a page asked for; the shortest for an unknown one."""
    return next((period for period in PERIODS if period.key == key), PERIODS[0])


@dataclass
class Bar:
    """One hour or day of one URL. `steps` are the accepted attempts by their time to answer."""

    begins: datetime
    sent: int = 0
    failed: int = 0
    given_up: int = 0
    steps: dict[int, int] = field(default_factory=lambda: defaultdict(int))

    @property
    def accepted(self) -> int:
        """How many attempts the receiver accepted."""
        return self.sent - self.failed

    @property
    def is_empty(self) -> bool:
        """Whether nothing happened in it."""
        return not (self.sent or self.given_up)

    @cached_property
    def median_ms(self) -> int | None:
        """The median time to answer of the accepted attempts, in ms."""
        return typical_of(self.steps.items(), 0.5)

    @cached_property
    def slow_ms(self) -> int | None:
        """The time within which 95 % of the accepted attempts were answered, in ms."""
        return typical_of(self.steps.items(), 0.95)

    def add(self, cause: str, step: int, attempts: int, given_up: int) -> None:
        """Add counts to the bar."""
        self.sent += attempts
        self.given_up += given_up
        if cause:
            self.failed += attempts
        else:
            self.steps[step] += attempts


@dataclass(frozen=True)
class Group:
    """Callbacks to one URL that were given up for one cause; `newest_at` is when the newest was made."""

    endpoint_pk: int
    url: str
    cause: str
    callbacks: int
    newest_at: datetime


@dataclass(frozen=True)
class Span:
    """A time in one state; `begins` is never before the period."""

    state: str
    begins: datetime
    ends: datetime


@dataclass(frozen=True)
class OverTime:
    """The history of one URL in a period."""

    endpoint: Endpoint
    bars: Sequence[Bar]
    spans: Sequence[Span]
    changes: Sequence[StateChange]

    @cached_property
    def total(self) -> Bar:
        """The sum of all bars."""
        total = Bar(self.bars[0].begins)
        for bar in self.bars:
            total.sent += bar.sent
            total.failed += bar.failed
            total.given_up += bar.given_up
            for step, count in bar.steps.items():
                total.steps[step] += count
        return total


def over_time(endpoints: Sequence[Endpoint], *, period: Period, now: datetime) -> list[OverTime]:
    """Return the history of these URLs, in three queries over a few rows for each hour."""
    first_hour = period.first_hour(now)
    begins = datetime.fromtimestamp(first_hour * HOUR_S, tz=UTC)
    keys = [endpoint.pk for endpoint in endpoints]
    bars = _bars(keys, period, first_hour)
    changes = _changes(keys, begins)
    return [
        OverTime(
            endpoint=endpoint,
            bars=bars[endpoint.pk],
            spans=_spans(changes[endpoint.pk], begins, now),
            changes=[change for change in reversed(changes[endpoint.pk]) if change.at >= begins][:CHANGES_SHOWN],
        )
        for endpoint in endpoints
    ]


def _bars(keys: Sequence[int], period: Period, first_hour: int) -> dict[int, list[Bar]]:
    begins = [
        datetime.fromtimestamp((first_hour + place * period.hours) * HOUR_S, tz=UTC) for place in range(period.bars)
    ]
    bars = {key: [Bar(moment) for moment in begins] for key in keys}
    place = (F("hour") - first_hour) / period.hours
    counts = AttemptCount.objects.filter(endpoint__in=keys, hour__gte=first_hour).order_by().annotate(place=place)
    summed = counts.values_list("endpoint_id", "place", "cause", "step").annotate(Sum("attempts"), Sum("given_up"))
    for endpoint_pk, where, *counted in summed.iterator():
        bars[endpoint_pk][min(where, period.bars - 1)].add(*counted)
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
    """Return the callbacks that were given up and not sent again, by URL and cause, most first; one index serves it.

    They are those of one URL, or of all URLs that are still in use.
    """
    failed = Message.objects.filter(state=Message.State.FAILED).exclude(cause="")  # without content: nothing to send
    if endpoint_pk:
        failed = failed.filter(endpoint=endpoint_pk)
    groups = failed.order_by().values_list("endpoint_id", "cause")
    counted = list(groups.annotate(callbacks=Count("pk"), newest=Max("created_at")).order_by("-callbacks"))
    urls = Endpoint.objects.filter(pk__in={row[0] for row in counted})
    if not endpoint_pk:
        urls = urls.filter(removed_at=None, disabled_by_owner=False)
    url_of = dict(urls.values_list("pk", "url"))
    return [Group(row[0], url_of[row[0]], *row[1:]) for row in counted if row[0] in url_of][:GROUPS_SHOWN]
