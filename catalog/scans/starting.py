"""Starting, stopping and resuming scans, and which tracks each searches in which order."""

from bisect import bisect_right
from dataclasses import dataclass

import structlog
from django.conf import settings
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.utils import timezone

from catalog.models import Scan, ScanSchedule, Track
from catalog.selectors.track_filters import filtered, words_of
from catalog.services.errors import CatalogError
from catalog.services.time_limits import queue_options
from queueing import entries
from queueing.lease import Lease, work_length
from queueing.retrying import LONGEST_WAIT

STRETCH_TASK = "catalog.tasks.scan_stretch"
MOST_FILTERED = 500_000  # tracks of a scan with a filter: their list is kept; of the whole catalog none is
AT_ONCE = 100  # tracks of such a list that are looked up together
LEASE = Lease(longest=lambda: max(work_length(), LONGEST_WAIT))
log = structlog.get_logger(__name__)


class ScanRunningError(CatalogError):
    """Another scan runs."""


@dataclass(frozen=True)
class Order:
    """Which tracks a scan searches: all up to the newest one, or those of a list."""

    asked: str
    total: int
    last_track: int
    track_ids: list[int] | None


def order_of(asked: str) -> Order:
    """Return what a scan with this filter would search now.

    It goes through the filter's tracks: call it outside of a transaction.

    Raises:
        CatalogError: there is nothing to search, or too much.


    """
    if not asked:
        tracks = Track.objects.present().order_by("-pk")
        newest = tracks.values_list("pk", flat=True).first()
        if newest is None:
            raise CatalogError("The catalog is empty: there is nothing to scan.")
        return Order(asked, tracks.count(), newest, None)
    ids = list(filtered(asked).order_by("pk").values_list("pk", flat=True)[: MOST_FILTERED + 1])
    if not ids:
        raise CatalogError("The filter leaves no track: there is nothing to scan.")
    if len(ids) > MOST_FILTERED:
        raise CatalogError(f"The filter leaves more than {MOST_FILTERED:,} tracks. Filter more, or scan all of them.")
    return Order(asked, len(ids), ids[-1], ids)


def start_scan(*, started_by: User, asked: str = "") -> Scan:
    """Start a scan of the present tracks that a filter selects, or of all.

    Raises:
        CatalogError: a scan runs already, or there is nothing to search.

    """
    return begin(order_of(asked), started_by=started_by)


def begin(order: Order, *, started_by: User, schedule: ScanSchedule | None = None) -> Scan:
    """Store a scan and queue it: both or neither.

    Raises:
        ScanRunningError: a scan runs already.

    """
    try:
        with transaction.atomic():
            scan = Scan.objects.create(
                started_by=started_by,
                schedule=schedule,
                asked=order.asked,
                words="; ".join(words_of(order.asked)),
                track_ids=order.track_ids,
                last_track=order.last_track,
                total=order.total,
            )
            enqueue(scan)
    except IntegrityError as error:  # the database's own rule: one running scan
        raise ScanRunningError("A scan is already running. Wait for it or stop it.") from error
    log.info("scan_started", scan=scan.pk, total=order.total, schedule=schedule.pk if schedule else None)
    return scan


def cancel_scan(*, scan: Scan) -> bool:
    """Stop a scan; what it found stays. False if it does not run. Its worker notices within a second."""
    now = timezone.now()
    stopped = Scan.objects.filter(pk=scan.pk, status=Scan.Status.RUNNING).update(
        status=Scan.Status.CANCELLED, ended_at=now, progress={}, **LEASE.freed()
    )
    return bool(stopped)


def resume_scan(*, scan: Scan) -> bool:
    """Go on with a scan that was stopped or given up; False if it is neither.

    Raises:
        ScanRunningError: another scan runs.

    """
    try:
        with transaction.atomic():
            resumed = Scan.objects.filter(pk=scan.pk, status__in=Scan.RESUMABLE).update(
                status=Scan.Status.RUNNING, ended_at=None, setbacks=0, tries=0, error="", queued_at=timezone.now()
            )
            if resumed:
                enqueue(scan)
    except IntegrityError as error:
        raise ScanRunningError("Another scan is running. Wait for it or stop it.") from error
    return bool(resumed)


def enqueue(scan: Scan) -> None:
    """Queue the scan's next seconds of work, with as much time as its first track may take."""
    options = [queue_options(next_track(scan))]
    entries.put(STRETCH_TASK, [scan.pk], cluster=settings.Q_CLUSTER["name"], options=options)


def next_track(scan: Scan) -> Track | None:
    """Return the next track that the scan has to search; removed tracks are left out."""
    present = Track.objects.present().select_related("audio_file").order_by("pk")
    if scan.track_ids is None:
        return present.filter(pk__gt=scan.done_track, pk__lte=scan.last_track).first()
    for start in range(bisect_right(scan.track_ids, scan.done_track), len(scan.track_ids), AT_ONCE):
        found = present.filter(pk__in=scan.track_ids[start : start + AT_ONCE]).first()
        if found:
            return found
    return None


def has_done(scan: Scan, track_id: int) -> bool:
    """Tell whether the scan searches this track and has done so."""
    if track_id > scan.done_track:
        return False
    if scan.track_ids is None:
        return True
    place = bisect_right(scan.track_ids, track_id)
    return place > 0 and scan.track_ids[place - 1] == track_id
