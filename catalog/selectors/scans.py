"""Reading scans: the newest one, those before it, and what the next one would look for."""

from dataclasses import dataclass

from catalog.models import Scan, Track
from catalog.selectors.overview import indexed_count
from catalog.selectors.remembered import remembered_count

SHOWN_BEFORE = 10


@dataclass(frozen=True)
class ScanPage:
    """All that the scan page shows. `seconds_for_all`: a new scan at the pace of the newest one; None without one."""

    newest: Scan | None
    before: list[Scan]
    tracks: int
    indexed: int
    seconds_for_all: float | None

    @property
    def is_running(self) -> bool:
        """Whether a scan runs now."""
        return self.newest is not None and self.newest.status == Scan.Status.RUNNING


def newest_scan() -> Scan | None:
    """Return the scan that runs; else the newest."""
    scans = Scan.objects.select_related("started_by")
    return scans.filter(status=Scan.Status.RUNNING).first() or scans.first()


def scan_page() -> ScanPage:
    """Return what the scan page shows."""
    newest = newest_scan()
    tracks = present_count()
    before = Scan.objects.exclude(pk=newest.pk if newest else 0).select_related("started_by")[:SHOWN_BEFORE]
    pace_s = newest.worked_s / newest.looked_at if newest and newest.looked_at else None
    return ScanPage(
        newest=newest,
        before=list(before),
        tracks=tracks,
        indexed=indexed_count(),
        seconds_for_all=None if pace_s is None else pace_s * tracks,
    )


def present_count() -> int:
    """Count the tracks of the catalog; a large number may be some seconds old."""
    return remembered_count("present-tracks", Track.objects.present().count)
