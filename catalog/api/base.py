"""What every call shares: the account of its key, and what that account may see."""

from typing import cast
from uuid import UUID

from django.contrib.auth.models import User
from django.db.models import QuerySet
from rest_framework.exceptions import NotFound
from rest_framework.request import Request

from catalog.api.openapi import NO_TASK, NO_TRACK
from catalog.models import Job, Track
from catalog.models.job import JobQuerySet
from catalog.models.track import TrackQuerySet
from webhooks.contract import TASK_ID


def account_of(request: Request) -> User:
    """Return the key's account; no call gets here without one."""
    return cast("User", request.user)


def tracks_of(request: Request) -> TrackQuerySet:
    """Return the tracks that the caller sees: its own that were not removed."""
    return Track.objects.present().visible_to(account_of(request))


def jobs_of(request: Request) -> JobQuerySet:
    """Return the tasks that the caller sees: its own."""
    return Job.objects.visible_to(account_of(request))


def track_of(request: Request, music_id: str) -> Track:
    """Return one of the caller's tracks. Raises `NotFound` for any other id, known or not."""
    return track_in(tracks_of(request), music_id)


def track_in(tracks: QuerySet[Track], music_id: str) -> Track:
    """Return one of `tracks`, which are the caller's. Raises `NotFound` for any other."""
    uuid = uuid_of(music_id)
    track = tracks.filter(music_id=uuid).first() if uuid else None
    if track is None:
        raise NotFound(NO_TRACK)
    return track


def job_of(request: Request, task_id: str) -> Job:
    """Return one of the caller's tasks. Raises `NotFound` for any other id, known or not."""
    job = jobs_of(request).filter(task_id=task_id).first() if TASK_ID.fullmatch(task_id) else None
    if job is None:
        raise NotFound(NO_TASK)
    return job


def uuid_of(text: str) -> UUID | None:
    """Return the UUID in `text`, in its usual form; None for any other text."""
    try:
        uuid = UUID(text)
    except ValueError:
        return None
    return uuid if str(uuid) == text.lower() else None
