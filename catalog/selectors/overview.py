"""The overview's numbers: what needs a person, what runs, what happened."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Case, Count, Exists, IntegerField, Min, OuterRef, Q, QuerySet, Value, When
from django.utils import timezone

from catalog.models import IndexClock, IndexOperation, Job, Match, Scan, Track
from catalog.selectors import review, uses
from catalog.selectors.remembered import remembered_count
from catalog.services.index import backend
from catalog.services.index import status as index_status
from queueing import queue_health
from queueing.duties import SHOWN_FROM_TRIES
from queueing.models import FailingDuty, QueueHeartbeat
from queueing.queue_health import QueueState
from webhooks.services.history import count_failing_endpoints, count_lost_callbacks, count_waiting_callbacks

BARS = 12
BAR_SPAN = timedelta(minutes=5)
SHOWN_RUNNING = 5
SHOWN_MATCHES = 6
FAILED_WITHIN = timedelta(days=1)
REPLACED_WITHIN = timedelta(days=1)


@dataclass(frozen=True)
class Needs:
    """What waits for a person, in numbers."""

    pairs: int
    mixes: int
    failing_endpoints: int
    lost_callbacks: int
    failed_jobs: int
    not_refreshed: int
    silent_queues: list[str]
    replaced_queues: list[QueueHeartbeat]
    failing_duties: list[FailingDuty]

    @property
    def anything(self) -> bool:
        """Whether anything waits."""
        site = self.silent_queues or self.replaced_queues or self.failing_duties
        callbacks = self.failing_endpoints or self.lost_callbacks
        return bool(self.pairs or self.mixes or callbacks or self.failed_jobs or self.not_refreshed or site)


@dataclass(frozen=True)
class Queue:
    """One queue: how many workers it has, how much waits, and how long the last canary took.

    Waiting tasks and callbacks are counted, not entries of the queue: these include canaries, and what workers hold.
    """

    name: str
    workers: int
    is_of_tasks: bool
    waiting: int
    state: QueueState
    answered_in_s: float | None


@dataclass(frozen=True)
class Running:
    """What runs now. `index_behind` counts the operations since the newest index file."""

    jobs: list[Job]
    more_jobs: int
    waiting: int
    oldest_waiting_at: datetime | None
    queues: list[Queue]
    scan: Scan | None
    indexed: int
    index_behind: int


@dataclass(frozen=True)
class Bar:
    """Five minutes: how many tasks succeeded, and how many failed."""

    good: int
    failed: int

    @property
    def count(self) -> int:
        """All that ended."""
        return self.good + self.failed


@dataclass(frozen=True)
class LastHour:
    """The tasks that ended in the last hour, in bars of five minutes, oldest first."""

    bars: list[Bar]
    checks: int
    adds: int
    duplicates: int
    failures: int


def needs() -> Needs:
    """Return what waits for a person."""
    now = timezone.now()
    failed = failed_lately(Job.objects.all(), now=now)
    return Needs(
        pairs=review.open_count(),
        mixes=uses.open_mix_count(),
        failing_endpoints=count_failing_endpoints(),
        lost_callbacks=count_lost_callbacks(now=now),
        failed_jobs=failed.count(),
        not_refreshed=Track.objects.not_refreshed().count(),
        silent_queues=queue_health.stuck_queues(),
        replaced_queues=list(QueueHeartbeat.objects.filter(replaced_at__gte=now - REPLACED_WITHIN)),
        failing_duties=list(FailingDuty.objects.filter(tries__gte=SHOWN_FROM_TRIES).order_by("name")),
    )


def failed_lately(jobs: QuerySet[Job], *, now: datetime) -> QuerySet[Job]:
    """Return those of `jobs` that failed in the last day."""
    return jobs.filter(status=Job.Status.FAILURE, created_at__gte=now - FAILED_WITHIN)


def running() -> Running:
    """Return the running jobs, what waits behind them, and the state of the queues and the index."""
    jobs = Job.objects.filter(status=Job.Status.PROCESSING).select_related("track").order_by("started_at")
    pending = Q(status=Job.Status.PENDING)
    waiting = Job.objects.filter(status__in=[Job.Status.PENDING, Job.Status.PROCESSING]).aggregate(
        count=Count("pk", filter=pending), oldest=Min("created_at", filter=pending), all=Count("pk")
    )
    return Running(
        jobs=list(jobs[:SHOWN_RUNNING]),
        more_jobs=max(waiting["all"] - waiting["count"] - SHOWN_RUNNING, 0),
        waiting=waiting["count"],
        oldest_waiting_at=waiting["oldest"],
        queues=_queues(tasks_waiting=waiting["count"]),
        scan=Scan.objects.filter(status=Scan.Status.RUNNING).first(),
        indexed=indexed_count(),
        index_behind=0 if backend.in_cluster() else index_status.behind(),
    )


def _queues(*, tasks_waiting: int) -> list[Queue]:
    callbacks_waiting = count_waiting_callbacks()
    heartbeats = QueueHeartbeat.objects.in_bulk()
    analysing = settings.Q_CLUSTER["name"]
    return [
        Queue(
            name=name,
            workers=settings.FINGERPRINT_WORKERS if name == analysing else settings.WEBHOOK_WORKERS,
            is_of_tasks=name == analysing,
            waiting=tasks_waiting if name == analysing else callbacks_waiting,
            state=queue_health.state(cluster=name),
            answered_in_s=_answered_in_s(heartbeats.get(name)),
        )
        for name in settings.QUEUE_CLUSTERS
    ]


def _answered_in_s(heartbeat: QueueHeartbeat | None) -> float | None:
    if heartbeat is None or heartbeat.sent_at is None or heartbeat.answered_at is None:
        return None
    took_s = (heartbeat.answered_at - heartbeat.sent_at).total_seconds()
    return took_s if took_s >= 0 else None  # the newest is on its way


def indexed_count() -> int:
    """Count the tracks in the index; a large count may be some seconds old."""
    return remembered_count("indexed", _count_indexed)


def _count_indexed() -> int:
    """Count the tracks whose last operation is an add: all that were ever added but those taken out since."""
    operations = IndexOperation.objects.order_by()
    added = operations.filter(kind=IndexOperation.Kind.ADD).aggregate(count=Count("track_key", distinct=True))
    later = operations.filter(track_key=OuterRef("track_key"), sequence__gt=OuterRef("sequence"))
    removed = operations.filter(~Exists(later)).exclude(kind=IndexOperation.Kind.ADD).count()
    return int(added["count"]) - removed


def last_hour() -> LastHour:
    """Return what ended in the last hour. It reads each task once, and only the answers of checks."""
    now = timezone.now()
    began = now - BAR_SPAN * BARS
    ended = Job.objects.filter(completed_at__gt=began, completed_at__lte=now).annotate(bar=_bar(began)).order_by()
    found = Count("pk", filter=Q(task_name=Job.Name.CHECK, result__is_duplicate=True))
    by = ("bar", "task_name", "status")
    counts = list(ended.values(*by).annotate(count=Count("pk"), found=found).values_list(*by, "count", "found"))
    sums: Counter[tuple[int | str, str]] = Counter()
    for bar, task_name, status, count, _ in counts:
        sums[bar, status] += count
        sums[task_name, ""] += count
    good, failed = Job.Status.SUCCESS, Job.Status.FAILURE
    bars = [Bar(sums[number, good], sums[number, failed]) for number in range(BARS)]
    return LastHour(
        bars=bars,
        checks=sums[Job.Name.CHECK, ""],
        adds=sums[Job.Name.ADD, ""],
        duplicates=sum(row[-1] for row in counts),
        failures=sum(bar.failed for bar in bars),
    )


def _bar(began: datetime) -> Case:
    """Return the number of the bar in which a task ended."""
    ends = [When(completed_at__lte=began + BAR_SPAN * (number + 1), then=Value(number)) for number in range(BARS - 1)]
    return Case(*ends, default=Value(BARS - 1), output_field=IntegerField())


def latest_matches() -> list[Match]:
    """Return the newest matches with both tracks."""
    matches = Match.objects.select_related("query_track__audio_file", "reference_track__audio_file")
    return list(matches.defer("similarity_curve")[:SHOWN_MATCHES])


def is_empty() -> bool:
    """Tell whether the catalog never had a track."""
    return not Track.objects.exists() and not IndexClock.objects.exists()
