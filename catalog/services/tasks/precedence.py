"""Which check reports a pair when copies of one recording are added and checked at the same moment.

A check looks at all other tracks. If two checks run side by side after both tracks were added, both would find the
other; or, in different workers, neither. The order of the log decides: a track's add comes before its check, whichever
worker is faster, and a check that finds a later track leaves the pair to that track's check.
"""

from collections.abc import Collection

from django.db import transaction
from django.db.models import Exists, OuterRef, Q

from catalog.models import Job
from catalog.services.index import log


def enter_first(job: Job) -> None:
    """Put a check's track in the index if an add of it was accepted before and no worker has done it yet."""
    if log.place_of(job.track_id) is not None:
        return
    # One that has ended put it in, and it was taken out since.
    asked = Job.objects.filter(task_name=Job.Name.ADD, track_id=job.track_id, pk__lt=job.pk, completed_at=None)
    if not asked.exists():
        return
    with transaction.atomic():
        log.record_add(track_id=job.track_id)


def left_to_others(job: Job, *, found: Collection[int]) -> set[int]:
    """Return those of the tracks `found` whose own check runs beside this one and will find this one's track."""
    places = log.places_of([job.track_id, *found])
    own = places.get(job.track_id)
    later = [track_id for track_id, place in places.items() if own is not None and place > own]
    if not later:
        return set()
    added_before = Job.objects.filter(task_name=Job.Name.ADD, track_id=OuterRef("track_id"), pk__lt=OuterRef("pk"))
    beside = Job.objects.filter(
        Q(completed_at=None) | Q(completed_at__gt=job.created_at),
        Exists(added_before.exclude(status=Job.Status.FAILURE)),
        task_name=Job.Name.CHECK,
        track_id__in=later,
    )
    made = job.track.made_by_client
    if made and not made.confirmed_at:  # no check of another account finds it
        beside = beside.filter(track__owner=job.track.owner_id)
    return set(beside.exclude(status=Job.Status.FAILURE).values_list("track_id", flat=True))
