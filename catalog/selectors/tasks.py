"""One task: its stages in time, its matches, its callbacks."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.urls import reverse
from django.utils.dateparse import parse_datetime

from catalog.models import Job, Match, Track
from webhooks.services.history import Delivery, deliveries_about
from webhooks.services.links import Link

SHOWN_MATCHES = 100  # the closest: the list has them all
_STAGES = (
    ("decode_s", "decoded"),
    ("fingerprint_s", "fingerprint"),
    ("search_s", "searched"),
)


@dataclass(frozen=True)
class Stage:
    """One step of a task. `after_s` is the time since the step before, in seconds; None for the first.

    `tone` colours it (`good`, `bad`); `technical` has the details of an error for an operator.
    """

    word: str
    after_s: float | None
    at: datetime | None
    note: str = ""
    tone: str = ""
    technical: str = ""


@dataclass(frozen=True)
class TaskPage:
    """What the page of one task shows."""

    job: Job
    stages: list[Stage]
    matches: list[Match]
    has_more_matches: bool
    deliveries: list[Delivery]
    body: dict[str, object] | None

    @property
    def took_s(self) -> float | None:
        """Seconds from accepted to ended; None before that."""
        ended = self.job.completed_at
        return (ended - self.job.created_at).total_seconds() if ended else None

    @property
    def technical(self) -> list[str]:
        """The details of its errors for an operator, oldest first, each once."""
        told = [stage.technical for stage in self.stages]
        detail = self.job.detail if isinstance(self.job.detail, dict) else {}
        told += [detail.get("last_error", ""), detail.get("waits_for", "")]
        return list(dict.fromkeys(words for words in told if words))


def task_page(job_id: int) -> TaskPage | None:
    """Return a task with its stages, matches and callbacks; None if there is no such task."""
    job = Job.objects.select_related("track__audio_file", "owner").filter(pk=job_id).first()
    if job is None:
        return None
    found = list(job.matches.with_tracks().closest_first()[: SHOWN_MATCHES + 1])
    return TaskPage(
        job=job,
        stages=stages_of(job),
        matches=found[:SHOWN_MATCHES],
        has_more_matches=len(found) > SHOWN_MATCHES,
        deliveries=deliveries_about(subject=job.task_id),
        body=job.callback_body if job.has_ended else None,
    )


def stages_of(job: Job) -> list[Stage]:
    """Return the steps that the job's row has, in order, failed attempts among them."""
    stages = [Stage("accepted", None, job.created_at)]
    for failed in _failed_attempts(job):
        stages += failed
    if job.started_at and (job.has_ended or job.status == Job.Status.PROCESSING):
        stages.append(Stage("started", None, job.started_at, note=f"attempt {job.attempts}"))
        stages += _work_stages(job, job.started_at)
    if job.completed_at:
        word, tone = ("failed", "bad") if job.status == Job.Status.FAILURE else ("ended", "good")
        stages.append(Stage(word, None, job.completed_at, tone=tone))
    return _with_gaps(stages)


def _failed_attempts(job: Job) -> list[list[Stage]]:
    told = job.detail.get("failed_attempts", []) if isinstance(job.detail, dict) else []
    return [
        [
            Stage("started", None, parse_datetime(row["started_at"] or ""), note=f"attempt {row['attempt']}"),
            Stage("attempt failed", None, parse_datetime(row["ended_at"]), tone="bad", technical=row["error"]),
        ]
        for row in told
    ]


def _work_stages(job: Job, started_at: datetime) -> list[Stage]:
    stages, at = [], started_at
    for name, word in _STAGES:
        took_s = job.detail.get(name) if isinstance(job.detail, dict) else None
        if isinstance(took_s, int | float):
            at += timedelta(seconds=took_s)
            is_known = name == "fingerprint_s" and "decode_s" not in job.detail
            stages.append(Stage(word, None, at, note="already computed" if is_known else ""))
    return stages


def _with_gaps(stages: list[Stage]) -> list[Stage]:
    """Give each step the time since the one before it."""
    timed: list[Stage] = []
    last: datetime | None = None
    for stage in stages:
        gap_s = (stage.at - last).total_seconds() if stage.at and last else None
        timed.append(replace(stage, after_s=max(gap_s, 0.0) if gap_s is not None else None))
        last = stage.at or last
    return timed


def links_of_callback(body: dict[str, Any]) -> list[Link]:
    """Return the pages of this site about the task and the tracks that a callback's body names."""
    links = []
    job = Job.objects.select_related("track").filter(task_id=str(body.get("task_id"))[:40]).first()
    if job:
        links.append(Link(job.task_id, reverse("admin:catalog_job_change", args=[job.pk])))
        links.append(Link(f"“{job.track.title}”", job.track.get_absolute_url()))
    result = body.get("result")
    matched = result.get("matched_music_id") if isinstance(result, dict) else None
    try:
        track = Track.objects.filter(music_id=UUID(str(matched))).first() if matched else None
    except ValueError:
        track = None
    if track:
        links.append(Link(f"found in “{track.title}”", track.get_absolute_url()))
    return links
