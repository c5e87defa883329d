"""The tasks of `bench.load`: accepted, counted, waited for."""

import time
from datetime import UTC, datetime


def ended() -> int:
    """Count the tasks that ended."""
    from catalog.models import Job  # noqa: PLC0415

    return Job.objects.exclude(completed_at=None).count()


def add_all(music_ids: list[str]) -> None:
    """Have every track added, and wait for it: a check among none, or that finds none, is a cheaper task."""
    from catalog.models import Job, Track  # noqa: PLC0415
    from catalog.services.tasks.accepting import accept_job  # noqa: PLC0415

    for track in Track.objects.select_related("owner").filter(music_id__in=music_ids):
        accept_job(track=track, owner=track.owner, task_name=Job.Name.ADD)
    while Job.objects.filter(completed_at=None).exists():
        time.sleep(0.5)


def fill_queue(count: int, music_ids: list[str]) -> None:
    """Accept tasks as the API does, until so many wait."""
    from catalog.models import Job, Track  # noqa: PLC0415
    from catalog.services.tasks.accepting import accept_job  # noqa: PLC0415

    tracks = list(Track.objects.select_related("owner").filter(music_id__in=music_ids))
    missing = count - Job.objects.filter(status=Job.Status.PENDING).count()
    for number in range(max(missing, 0)):
        track = tracks[number % len(tracks)]
        accept_job(track=track, owner=track.owner, task_name=list(Job.Name)[number % 2])


def since(began: float) -> str:
    """What ended since: tasks a minute, the age of the queue, how long callbacks took."""
    from django.db.models import Min  # noqa: PLC0415
    from django.utils import timezone  # noqa: PLC0415

    from catalog.models import Job  # noqa: PLC0415
    from webhooks.models import Message  # noqa: PLC0415

    start = datetime.fromtimestamp(began, tz=UTC)
    now = timezone.now()
    ended = Job.objects.filter(completed_at__gte=start).count()
    waiting = Job.objects.filter(status=Job.Status.PENDING)
    oldest = waiting.aggregate(oldest=Min("created_at"))["oldest"]
    took = [
        (delivered - created).total_seconds()
        for delivered, created in Message.objects.filter(created_at__gte=start)
        .exclude(delivered_at=None)
        .values_list("delivered_at", "created_at")
    ]
    return (
        f"{ended / (now - start).total_seconds() * 60:.0f} tasks/min, {waiting.count()} wait,"
        f" the oldest {(now - oldest).total_seconds() if oldest else 0:.0f} s; callbacks p50 {_at(took, 0.5):.2f} s,"
        f" p99 {_at(took, 0.99):.2f} s"
    )


def _at(values: list[float], share: float) -> float:
    return sorted(values)[min(int(len(values) * share), len(values) - 1)] if values else float("nan")
