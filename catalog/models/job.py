"""Jobs: one row for each task that the API accepted. The row is the truth, not the queue."""

from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.db.models import Q

from textsearch.fields import FoldedField, FoldingQuerySet, Searched
from webhooks.contract import ENDED, Body, TaskName, TaskStatus, callback_body

if TYPE_CHECKING:
    from django.contrib.auth.models import User


_TOLD = ("task_id", "task_name", "status", "completed_at", "end_number", "result", "error", "track")


class JobQuerySet(FoldingQuerySet["Job"]):
    """Filters on jobs."""

    def visible_to(self, user: "User") -> "JobQuerySet":
        """The jobs that `user` may see through the API: its own. Staff pages decide what staff may see."""
        return self.filter(owner=user)

    def as_told(self) -> "JobQuerySet":
        """Read only the columns that callbacks tell: the others are a sixth of what a page costs."""
        return self.only(*_TOLD)

    def as_listed(self) -> "JobQuerySet":
        """Read the columns that the list of tasks shows: also when a task was accepted, and of which track."""
        return self.select_related("track").only(*_TOLD, "created_at", "track__music_id")


class Job(Searched):
    """One task of the API. Its status changes by conditional UPDATE only (catalog.services.tasks.leasing)."""

    Name = TaskName
    Status = TaskStatus

    task_id = models.CharField("task id", max_length=40, unique=True)
    task_name = models.CharField("task", max_length=30, choices=Name)
    track = models.ForeignKey("catalog.Track", on_delete=models.PROTECT, related_name="jobs")
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="jobs", db_index=False)
    bulk_work = models.ForeignKey(
        "catalog.BulkWork", on_delete=models.SET_NULL, related_name="jobs", null=True, blank=True, editable=False
    )
    status = models.CharField(max_length=10, choices=Status, default=Status.PENDING)
    attempts = models.PositiveSmallIntegerField(default=0)
    lease_token = models.UUIDField(null=True, blank=True, editable=False)
    lease_until = models.DateTimeField(null=True, blank=True, editable=False)
    queued_at = models.DateTimeField(auto_now_add=True, editable=False)
    created_at = models.DateTimeField("accepted", auto_now_add=True, db_index=True)
    started_at = models.DateTimeField("started", null=True, blank=True)
    completed_at = models.DateTimeField("completed", null=True, blank=True)
    end_number = models.PositiveBigIntegerField(
        null=True, blank=True, editable=False, help_text="Its place among the account's ended tasks"
    )
    result = models.JSONField(null=True, blank=True, help_text="A check's answer, as sent")
    error = models.TextField(blank=True, help_text="What went wrong, for a person")
    words = FoldedField(of=("error",))
    detail = models.JSONField(default=dict, blank=True, help_text="Timings and an operator's view of errors")

    objects = JobQuerySet.as_manager()

    class Meta:
        verbose_name = "task"  # what the API and the staff pages call it
        ordering = ["-created_at", "-id"]
        indexes = [
            models.Index(fields=["status", "lease_until"], name="jobs_for_the_sweeper"),
            models.Index(fields=["completed_at"], name="jobs_by_end"),
            models.Index(fields=["owner", "-created_at", "-id"], name="jobs_of_owner"),
            models.Index(
                fields=["track", "-completed_at"],
                condition=Q(status=TaskStatus.SUCCESS.value, task_name=TaskName.CHECK.value),
                name="checks_of_track",
            ),
        ]
        constraints = [
            models.UniqueConstraint(fields=["owner", "end_number"], name="one_end_per_number"),
            models.CheckConstraint(
                name="status_and_times_agree",
                condition=(
                    Q(status="pending", completed_at=None, lease_token=None)
                    | Q(status="processing", completed_at=None, lease_token__isnull=False)
                    | Q(status__in=["success", "failure"], completed_at__isnull=False, lease_token=None)
                ),
            ),
        ]

    def __str__(self) -> str:
        return self.task_id

    @property
    def has_ended(self) -> bool:
        """Whether the job reached success or failure."""
        return self.status in ENDED

    @property
    def callback_body(self) -> Body:
        """The contract's body for a job that has ended: the callback sends it, and polling answers it."""
        assert self.completed_at is not None  # noqa: S101  (the row's CHECK constraint says so)
        return callback_body(
            task_id=self.task_id,
            task_name=self.task_name,
            status=self.status,
            completed_at=self.completed_at,
            result=self.result,
            error=self.error,
        )

    @property
    def stage(self) -> str:
        """What the worker is doing now, where that is known."""
        return str(self.detail.get("stage", "")) if isinstance(self.detail, dict) and not self.has_ended else ""

    @property
    def progress(self) -> str:
        """How far a long search is: "12 of 62 minutes, 9 recordings so far"; empty if unknown."""
        told = self.detail.get("progress") if isinstance(self.detail, dict) and not self.has_ended else None
        if not told:
            return ""
        found = told["found"]
        recordings = "1 recording" if found == 1 else f"{found} recordings"
        return f"{told['done_s'] / 60:.0f} of {told['total_s'] / 60:.0f} minutes, {recordings} so far"

    @property
    def note(self) -> str:
        """What a person should know of the outcome and the contract's bodies cannot say; often empty."""
        return str(self.detail.get("note", "")) if isinstance(self.detail, dict) and self.has_ended else ""

    @property
    def answer(self) -> str:
        """The outcome in a few words: an error, what was found, or that nothing was; empty for an add."""
        if self.error or not self.result:
            return self.error
        nothing = "nothing to compare" if self.note else "no duplicate"
        return self.result.get("matched_musicname") or nothing
