"""Recordings that are used in others: the songs of a mix, a bed under a voice, a sample.

A use is a match by which one track has all or a part of the other and is not a copy of it. The container is the track
of which the match covers less: each song covers a little of a mix, and the mix covers much of each song.
"""

from dataclasses import dataclass, replace
from typing import Any

from django.db.models import Case, Count, F, IntegerField, Max, OuterRef, Q, QuerySet, Subquery, When
from django.db.models.functions import Coalesce

from catalog.models import Decision, Job, Match, Track
from catalog.selectors.remembered import remembered_count
from catalog.selectors.review import COUNT_LIMIT
from catalog.services.tracks.copies_in_mix import recordings_at

HOLDING = (Match.Relation.CONTAINS, Match.Relation.OVERLAP)
MIXES_A_PAGE = 50
MOST_MATCHES = 3000  # of one mix; one that was checked again and again has several of each pair
COUNTED = "open-mixes"
_QUERY_HOLDS = Q(query_coverage__lte=F("reference_coverage"))


def uses() -> Any:  # a MatchQuerySet; its stubs know no columns that are worked out
    """Return the matches of present tracks that are uses, with the track ids `container` and `part`."""
    found = Match.objects.filter(relation__in=HOLDING).of_present_tracks()
    query, reference = F("query_track_id"), F("reference_track_id")
    return found.annotate(
        container=Case(When(_QUERY_HOLDS, then=query), default=reference, output_field=IntegerField()),
        part=Case(When(_QUERY_HOLDS, then=reference), default=query, output_field=IntegerField()),
    )


def is_use(match: Match) -> bool:
    """Tell whether the query of a match has all or a part of the reference and is not a copy of it."""
    return match.relation in HOLDING and match.query_coverage <= match.reference_coverage


def with_uses(tracks: QuerySet[Track]) -> QuerySet[Track]:
    """Annotate `uses` and `open_uses`: how many other tracks a track uses, and how many of them are undecided."""
    return tracks.annotate(uses=_count_of(uses()), open_uses=_count_of(uses().undecided()))


def _count_of(found: Any) -> Subquery:
    outer = OuterRef("pk")
    of_track = found.filter(Q(query_track=outer) | Q(reference_track=outer), container=outer).order_by()
    return Subquery(of_track.values("container").annotate(count=Count("part", distinct=True)).values("count"))


def with_uses_found(jobs: QuerySet[Job]) -> QuerySet[Job]:
    """Annotate `uses_found`: how many tracks a check found that are used in its track."""
    of_job = Match.objects.filter(_QUERY_HOLDS, job=OuterRef("pk"), relation__in=HOLDING).order_by()
    counted = of_job.values("job").annotate(count=Count("reference_track", distinct=True)).values("count")
    return jobs.annotate(uses_found=Coalesce(Subquery(counted), 0))


def containers() -> QuerySet[Any, Any]:
    """Return the ids of the tracks that use others, for a filter."""
    return uses().order_by().values("container")


@dataclass(frozen=True)
class OpenMix:
    """A track that uses others, and how many of them wait for a decision."""

    track: Track
    waiting: int


def open_mixes(*, page: int = 1) -> list[OpenMix]:
    """Return a page of the mixes with undecided uses, those with the most first; one more if another page follows."""
    first = (page - 1) * MIXES_A_PAGE
    rows = _open_by_container().order_by("-waiting", "-newest", "container")[first : first + MIXES_A_PAGE + 1]
    counts = {row["container"]: row["waiting"] for row in rows}
    tracks = Track.objects.with_source().in_bulk(counts)
    return [OpenMix(tracks[pk], waiting) for pk, waiting in counts.items()]


def open_mix_count() -> int:
    """Count the mixes that wait, up to `COUNT_LIMIT`; a large count may be some seconds old."""
    return remembered_count(COUNTED, _count_open)


def _count_open() -> int:
    return _open_containers().distinct()[:COUNT_LIMIT].count()


def _open_by_container() -> QuerySet[Any, Any]:
    return _open_containers().annotate(waiting=Count("part", distinct=True), newest=Max("created_at"))


def _open_containers() -> QuerySet[Any, Any]:
    waiting: QuerySet[Any, Any] = uses().undecided().order_by().values("container")
    return waiting


@dataclass(frozen=True)
class Use:
    """One track in a container: where it plays, which part of it, and the decision about it."""

    match: Match
    part: Track
    decision: Decision | None
    is_turned: bool  # the recording was checked, and the container found
    number: int = 0  # of the recording: its copies at this place have the same
    is_copy: bool = False  # of the one before it

    @property
    def place(self) -> tuple[float, float]:
        """From where to where it plays in the container, in seconds."""
        return self._of_reference if self.is_turned else self._of_query

    @property
    def place_in_part(self) -> tuple[float, float]:
        """Which part of the recording is used, in seconds."""
        return self._of_query if self.is_turned else self._of_reference

    @property
    def _of_query(self) -> tuple[float, float]:
        return self.match.query_start_s, self.match.query_end_s

    @property
    def _of_reference(self) -> tuple[float, float]:
        return self.match.reference_start_s, self.match.reference_end_s

    @property
    def share_of_container(self) -> float:
        """How much of the container it is, 0 to 1."""
        return min(self.match.query_coverage, self.match.reference_coverage)

    @property
    def share_of_part(self) -> float:
        """How much of the recording is in the container, 0 to 1."""
        return max(self.match.query_coverage, self.match.reference_coverage)

    @property
    def stretches(self) -> list[tuple[float, float]]:
        """The matched segments in the container, in seconds; the whole place if the match has none."""
        first = 2 if self.is_turned else 0
        return [(part[first], part[first + 1]) for part in self.match.segments] or [self.place]


def uses_of(track: Track) -> list[Use]:
    """Return what a track uses, each track once, by its newest match.

    Recordings come in the order in which they begin, each with its copies behind it.
    """
    either = Q(query_track=track) | Q(reference_track=track)
    found = uses().filter(either, container=track.pk).order_by("-pk").with_tracks(has_segments=True)
    newest: dict[int, Match] = {}
    for match in found[:MOST_MATCHES]:
        newest.setdefault(match.reference_track_id if match.query_track_id == track.pk else match.query_track_id, match)
    decided = decisions_with(track, list(newest))
    found = {part_id: _use(track, match, decided.get(part_id)) for part_id, match in newest.items()}
    recordings = recordings_at({part_id: use.place for part_id, use in found.items()})
    return [
        replace(found[part_id], number=number, is_copy=part_id != copies[0])
        for number, copies in enumerate(recordings, 1)
        for part_id in copies
    ]


def _use(track: Track, match: Match, decision: Decision | None) -> Use:
    is_turned = match.query_track_id != track.pk
    part = match.query_track if is_turned else match.reference_track
    return Use(match=match, part=part, decision=decision, is_turned=is_turned)


def decisions_with(track: Track, others: list[int]) -> dict[int, Decision]:
    """Return the standing decisions on a track and each of `others`, by the other's id."""
    here, there = Q(first_track=track, second_track__in=others), Q(second_track=track, first_track__in=others)
    standing = Decision.objects.filter(here | there, undone_at=None)
    rows = standing.select_related("first_track", "second_track", "decided_by", "rule")
    return {row.second_track_id if row.first_track_id == track.pk else row.first_track_id: row for row in rows}


def last_batch(track: Track, user_id: int) -> Decision | None:
    """Return one of the decisions that a person last made together about a track's uses, which Undo undoes."""
    about = Q(first_track=track) | Q(second_track=track)
    made = Decision.objects.filter(about, decided_by=user_id, undone_at=None, batch__isnull=False)
    return made.order_by("-pk").first()
