"""Tracks: the columns of the list, and the page of one."""

from dataclasses import dataclass

from django.db.models import OuterRef, Q, QuerySet, Subquery

from catalog.models import Decision, Fingerprint, IndexOperation, Job, Match, Track
from catalog.selectors.uses import with_uses_found
from catalog.services.index.log import CURRENT_VERSION
from webhooks.services.history import Delivery, deliveries_by_subject

SHOWN = 20
MATCHES_READ = 100  # a track that is checked often is found again each time


def with_standing(tracks: QuerySet[Track]) -> QuerySet[Track]:
    """Annotate `index_state` (kind of the last index operation) and `was_duplicate` (answer of the last check).

    Both are sub-queries on an index, so a page of rows costs one query.
    """
    operations = IndexOperation.objects.filter(track_key=OuterRef("pk")).order_by("-sequence")
    checks = Job.objects.filter(
        track=OuterRef("pk"), task_name=Job.Name.CHECK, status=Job.Status.SUCCESS, result__isnull=False
    ).order_by("-completed_at")
    return tracks.annotate(
        index_state=Subquery(operations.values("kind")[:1]),
        was_duplicate=Subquery(checks.values("result__is_duplicate")[:1]),
    )


@dataclass(frozen=True)
class Place:
    """Another track with the same recording: the newest match with it, and the standing decision."""

    match: Match
    other: Track
    was_checked: bool
    decision: Decision | None

    @property
    def of_this(self) -> float:
        """How much of the page's track matches, 0 to 1."""
        return self.match.query_coverage if self.was_checked else self.match.reference_coverage

    @property
    def of_other(self) -> float:
        """How much of the other track matches, 0 to 1."""
        return self.match.reference_coverage if self.was_checked else self.match.query_coverage


@dataclass(frozen=True)
class TrackHistory:
    """What a track's page shows beside the track; each list has only the newest."""

    places: list[Place]
    more_matches: bool
    decisions: list[Decision]
    jobs: list[Job]
    more_jobs: bool
    callbacks: dict[str, list[Delivery]]
    is_indexed: bool
    has_fingerprint: bool

    @property
    def is_busy(self) -> bool:
        """Whether a task about the track waits or runs, so that the page reloads by itself."""
        return any(not job.has_ended for job in self.jobs)

    @property
    def jobs_with_callbacks(self) -> list[tuple[Job, list[Delivery]]]:
        """Each task with its callbacks."""
        return [(job, self.callbacks.get(job.task_id, [])) for job in self.jobs]


def history_of(track: Track) -> TrackHistory:
    """Return where else this recording is, what was decided, and the tasks about it, newest first."""
    matches = list(
        Match.objects.filter(Q(query_track=track) | Q(reference_track=track)).with_tracks()[: MATCHES_READ + 1]
    )
    decisions = Decision.objects.filter(Q(first_track=track) | Q(second_track=track)).select_related(
        "first_track", "second_track", "keeper", "decided_by", "rule"
    )
    jobs = list(with_uses_found(track.jobs.all())[: SHOWN + 1])
    latest = IndexOperation.objects.filter(track_key=track.pk).order_by("-sequence").first()
    places = _places(track, matches)
    return TrackHistory(
        places=places[:SHOWN],
        more_matches=len(places) > SHOWN or len(matches) > MATCHES_READ,
        decisions=list(decisions[:SHOWN]),
        jobs=jobs[:SHOWN],
        more_jobs=len(jobs) > SHOWN,
        callbacks=deliveries_by_subject(subjects=[job.task_id for job in jobs[:SHOWN]]),
        is_indexed=latest is not None and latest.kind == IndexOperation.Kind.ADD,
        has_fingerprint=bool(track.audio_file_id)
        and Fingerprint.objects.filter(audio_file=track.audio_file_id, version=CURRENT_VERSION).exists(),
    )


def _places(track: Track, matches: list[Match]) -> list[Place]:
    """Return the other tracks of `matches` (newest first), each once, with what was decided about it."""
    newest: dict[int, Match] = {}
    for match in matches:
        newest.setdefault(_other_id(track, match), match)
    here, there = Q(first_track=track, second_track__in=newest), Q(second_track=track, first_track__in=newest)
    standing = Decision.objects.filter(here | there, undone_at=None).select_related("first_track", "second_track")
    decided = {row.second_track_id if row.first_track_id == track.pk else row.first_track_id: row for row in standing}
    return [
        Place(
            match=match,
            other=match.reference_track if match.query_track_id == track.pk else match.query_track,
            was_checked=match.query_track_id == track.pk,
            decision=decided.get(other_id),
        )
        for other_id, match in newest.items()
    ]


def _other_id(track: Track, match: Match) -> int:
    return match.reference_track_id if match.query_track_id == track.pk else match.query_track_id


@dataclass(frozen=True)
class RemovalLoss:
    """What is lost and what stays when a track is removed."""

    is_indexed: bool
    fingerprints: int
    bytes_freed: int
    shared_with: int
    open_pairs: int
    jobs_kept: int
    matches_kept: int


def loss_of(track: Track) -> RemovalLoss:
    """Count what removing `track` would delete, and what would stay."""
    audio_file = track.audio_file
    shared_with = audio_file.tracks.exclude(pk=track.pk).count() if audio_file else 0
    goes = audio_file is not None and not shared_with
    latest = IndexOperation.objects.filter(track_key=track.pk).order_by("-sequence").first()
    matches = Match.objects.filter(Q(query_track=track) | Q(reference_track=track))
    return RemovalLoss(
        is_indexed=latest is not None and latest.kind == IndexOperation.Kind.ADD,
        fingerprints=audio_file.fingerprints.count() if goes and audio_file else 0,
        bytes_freed=audio_file.size_bytes if goes and audio_file else 0,
        shared_with=shared_with,
        open_pairs=matches.filter(verdict=Match.Verdict.DUPLICATE).count(),
        jobs_kept=track.jobs.count(),
        matches_kept=matches.count(),
    )
