"""The state of tracks that were just uploaded."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from catalog.models import Job, Match, Track
from catalog.selectors.uses import is_use


@dataclass(frozen=True)
class Arrival:
    """One track: its newest task of each kind, and the closest match of its newest check."""

    track: Track
    check: Job | None
    add: Job | None
    match: Match | None
    uses: int  # how many recordings the check found in it that are no copies of it

    @property
    def is_settled(self) -> bool:
        """Whether no task about it waits or runs."""
        return all(job.has_ended for job in (self.check, self.add) if job)


def arrivals(*, track_ids: Sequence[int]) -> list[Arrival]:
    """Return the state of each track, in the order of `track_ids`, in three queries; unknown ids are left out."""
    tracks = {track.pk: track for track in Track.objects.filter(pk__in=track_ids)}
    jobs: dict[tuple[int, str], Job] = {}
    for job in Job.objects.filter(track__in=tracks).order_by("created_at", "pk"):
        jobs[job.track_id, job.task_name] = job  # the newest stays
    checks = [job.pk for (_, name), job in jobs.items() if name == Job.Name.CHECK]
    matches: dict[int | None, Match] = {}
    uses: Counter[int | None] = Counter()
    found = Match.objects.filter(job__in=checks).closest_first()
    for match in found.with_tracks():
        matches.setdefault(match.job_id, match)  # the closest stays
        uses[match.job_id] += is_use(match)
    return [
        Arrival(
            track=tracks[pk],
            check=(check := jobs.get((pk, Job.Name.CHECK))),
            add=jobs.get((pk, Job.Name.ADD)),
            match=matches.get(check.pk) if check else None,
            uses=uses[check.pk] if check else 0,
        )
        for pk in track_ids
        if pk in tracks
    ]
