"""Reading one task: its stages in time, its matches, its callback."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from catalog.models import Job, Match
from catalog.services.jobs import callback_body
from webhooks.services.history import Delivery, deliveries_about

_STAGES = (
    ("decode_s", "decoded"),
    ("fingerprint_s", "fingerprint"),
    ("search_s", "searched"),
)


@dataclass(frozen=True)
class Stage:
    """One step of a task. `after_s` is the time since the step before; None for the first."""

    word: str
    after_s: float | None
    at: datetime | None
    note: str = ""


@dataclass(frozen=True)
class TaskPage:
    """All that the page of one task shows."""

    job: Job
    stages: list[Stage]
    matches: list[Match]
    deliveries: list[Delivery]
    body: dict[str, object] | None


def task_page(job_id: int) -> TaskPage | None:
    """Return a task with its stages, matches and callbacks; None where there is no such task."""
    job = Job.objects.select_related("track__audio_file", "owner").filter(pk=job_id).first()
    if job is None:
        return None
    matches = job.matches.select_related("query_track", "reference_track").defer("segments", "similarity_curve")
    return TaskPage(
        job=job,
        stages=stages_of(job),
        matches=list(matches.order_by("-verdict", "-score")),
        deliveries=deliveries_about(subject=job.task_id),
        body=callback_body(job) if job.has_ended else None,
    )


def stages_of(job: Job) -> list[Stage]:
    """Return the steps that the job's row knows of, in order."""
    stages = [Stage("accepted", None, job.created_at)]
    if job.started_at:
        waited_s = (job.started_at - job.created_at).total_seconds()
        stages.append(Stage("started", waited_s, job.started_at, note=f"attempt {job.attempts}"))
        stages += _work_stages(job, job.started_at)
    if job.completed_at:
        last = stages[-1].at or job.created_at
        stages.append(Stage("ended", max((job.completed_at - last).total_seconds(), 0.0), job.completed_at))
    return stages


def _work_stages(job: Job, started_at: datetime) -> list[Stage]:
    stages, at = [], started_at
    for name, word in _STAGES:
        took_s = job.detail.get(name) if isinstance(job.detail, dict) else None
        if isinstance(took_s, int | float):
            at += timedelta(seconds=took_s)
            stages.append(Stage(word, float(took_s), at))
    return stages
