"""Reading tracks: the list's columns and the page of one."""

from dataclasses import dataclass

from django.db.models import OuterRef, Q, QuerySet, Subquery

from catalog.models import Decision, Fingerprint, IndexOperation, Job, Match, Track
from catalog.services.index_log import CURRENT_VERSION

SHOWN = 20


def with_standing(tracks: QuerySet[Track]) -> QuerySet[Track]:
    """Annotate `index_state` (the last index operation's kind) and `was_duplicate` (the last check's answer).

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
class TrackHistory:
    """What a track's page tells beside the track itself; each list is the newest few."""

    matches: list[Match]
    decisions: list[Decision]
    jobs: list[Job]
    is_indexed: bool
    has_fingerprint: bool

    @property
    def is_busy(self) -> bool:
        """Whether a task about it waits or runs, so that the page looks again by itself."""
        return any(not job.has_ended for job in self.jobs)


def history_of(track: Track) -> TrackHistory:
    """Return where else this recording is, what was decided, and every task about it, newest first."""
    matches = (
        Match.objects.filter(Q(query_track=track) | Q(reference_track=track))
        .select_related("query_track", "reference_track", "job")
        .defer("segments", "similarity_curve")
    )
    decisions = Decision.objects.filter(Q(first_track=track) | Q(second_track=track), undone_at=None).select_related(
        "first_track", "second_track", "keeper", "decided_by"
    )
    latest = IndexOperation.objects.filter(track_key=track.pk).order_by("-sequence").first()
    return TrackHistory(
        matches=list(matches[:SHOWN]),
        decisions=list(decisions[:SHOWN]),
        jobs=list(track.jobs.all()[:SHOWN]),
        is_indexed=latest is not None and latest.kind == IndexOperation.Kind.ADD,
        has_fingerprint=Fingerprint.objects.filter(audio_file=track.audio_file_id, version=CURRENT_VERSION).exists(),
    )


@dataclass(frozen=True)
class RemovalLoss:
    """What goes and what stays when a track is removed."""

    is_indexed: bool
    fingerprints: int
    bytes_freed: int
    shared_with: int
    open_pairs: int
    jobs_kept: int
    matches_kept: int


def loss_of(track: Track) -> RemovalLoss:
    """Count what removing `track` would take away, and what would stay."""
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
