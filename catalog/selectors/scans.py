"""Scans: the list of them, what one found, the schedules, and what a new one would search."""

from collections.abc import Collection
from dataclasses import dataclass, field

from catalog.models import Decision, Match, Scan, ScanSchedule, Track
from catalog.selectors.overview import indexed_count
from catalog.selectors.remembered import remembered_count
from catalog.selectors.review import Pair, ordered, still_open
from catalog.selectors.track_filters import filtered, words_of

SCANS_A_PAGE = 25
RESULTS_A_PAGE = 50
COUNTED_WAITING = 1000  # past this the page says "1,000+": an exact number costs seconds and helps nobody


@dataclass(frozen=True)
class ScanList:
    """What the page of all scans shows. `older` is the scan after which the next page begins; 0 on the last page."""

    running: Scan | None
    scans: list[Scan]
    older: int
    schedules: list[ScanSchedule]
    tracks: int
    indexed: int
    seconds_for_all: float | None

    @property
    def is_running(self) -> bool:
        """Whether a scan runs now."""
        return self.running is not None

    @property
    def at_hand(self) -> Scan | None:
        """The running scan; else the newest, if it was stopped or given up and can be resumed."""
        newest = self.scans[0] if self.scans else None
        return self.running or (newest if newest and newest.is_resumable else None)


@dataclass(frozen=True)
class Result:
    """A match that a scan stored, and the standing decision on its pair."""

    match: Match
    decision: Decision | None

    @property
    def is_gone(self) -> bool:
        """Whether one of the two tracks was removed."""
        return any(track.removed_at for track in (self.match.query_track, self.match.reference_track))


@dataclass(frozen=True)
class ScanResults:
    """One scan with a page of its results; `waiting` is counted up to `COUNTED_WAITING`."""

    scan: Scan
    rows: list[Result]
    after: int
    waiting: int

    @property
    def is_running(self) -> bool:
        """Whether it runs now."""
        return self.scan.status == Scan.Status.RUNNING


@dataclass(frozen=True)
class NewScan:
    """What a scan with a filter would search."""

    asked: str
    tracks: int
    seconds: float | None
    running: Scan | None
    words: list[str] = field(default_factory=list)


def running_scan() -> Scan | None:
    """Return the running scan, if there is one."""
    return Scan.objects.without_tracks().filter(status=Scan.Status.RUNNING).first()


def scan_list(*, older: int = 0) -> ScanList:
    """Return a page of scans, newest first; with `older`, those before that scan."""
    rows = Scan.objects.without_tracks().order_by("-pk")
    scans = list((rows.filter(pk__lt=older) if older else rows)[: SCANS_A_PAGE + 1])
    tracks, pace_s = present_count(), _pace_s()
    return ScanList(
        running=running_scan(),
        scans=scans[:SCANS_A_PAGE],
        older=scans[SCANS_A_PAGE - 1].pk if len(scans) > SCANS_A_PAGE else 0,
        schedules=list(ScanSchedule.objects.select_related("set_by", "last_scan").defer("last_scan__track_ids")),
        tracks=tracks,
        indexed=indexed_count(),
        seconds_for_all=None if pace_s is None else pace_s * tracks,
    )


def scan_results(scan_id: int, *, after: int = 0) -> ScanResults | None:
    """Return a scan and a page of its results in the order of its tracks; with `after`, those after that match."""
    scan = Scan.objects.without_tracks().filter(pk=scan_id).first()
    if scan is None:
        return None
    found = Match.objects.filter(scan=scan_id, pk__gt=after).with_tracks().order_by("pk")
    matches = list(found[: RESULTS_A_PAGE + 1])
    shown = matches[:RESULTS_A_PAGE]
    decisions = _standing({_pair(match) for match in shown})
    return ScanResults(
        scan=scan,
        rows=[Result(match, decisions.get(_pair(match))) for match in shown],
        after=shown[-1].pk if len(matches) > RESULTS_A_PAGE else 0,
        waiting=still_open(Match.objects.filter(scan=scan_id)).order_by().values("pk")[:COUNTED_WAITING].count(),
    )


def new_scan(asked: str) -> NewScan:
    """Count what a scan with this filter would search, and estimate its time from the pace of the newest scan."""
    tracks = filtered(asked).order_by().count() if asked else present_count()
    pace_s = _pace_s()
    return NewScan(
        asked=asked,
        tracks=tracks,
        seconds=None if pace_s is None else pace_s * tracks,
        running=running_scan(),
        words=words_of(asked),
    )


def present_count() -> int:
    """Count the tracks of the catalog; a large count may be some seconds old."""
    return remembered_count("present-tracks", Track.objects.present().count)


def _pace_s() -> float | None:
    """Return how long a track took in the newest scan; None where there is none."""
    newest = Scan.objects.without_tracks().order_by("-pk").first()
    return newest.worked_s / newest.looked_at if newest and newest.looked_at else None


def _pair(match: Match) -> Pair:
    return ordered(match.query_track_id, match.reference_track_id)


def _standing(pairs: Collection[Pair]) -> dict[Pair, Decision]:
    """Return the decisions that stand on these pairs, with both tracks."""
    firsts, seconds = {first for first, _ in pairs}, {second for _, second in pairs}
    rows = Decision.objects.filter(first_track__in=firsts, second_track__in=seconds, undone_at=None)
    found = {
        (row.first_track_id, row.second_track_id): row for row in rows.select_related("first_track", "second_track")
    }
    return {pair: row for pair, row in found.items() if pair in pairs}
