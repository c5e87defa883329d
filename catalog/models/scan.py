"""Scans: a search for tracks of the catalog in the index, in the background."""

from datetime import timedelta

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone


class ScanQuerySet(models.QuerySet["Scan"]):
    """What lists of scans read."""

    def without_tracks(self) -> "ScanQuerySet":
        """Read who started each scan, and leave out its list of tracks, which may be long."""
        return self.select_related("started_by", "schedule").defer("track_ids")


class Scan(models.Model):
    """One search for tracks in the order of their ids. `done_track` says how far it is, and it can go on there.

    Its status changes by conditional UPDATE only (catalog.scans.scanning).
    """

    class Status(models.TextChoices):
        RUNNING = "running", "running"
        CANCELLED = "cancelled", "stopped"
        FAILED = "failed", "failed"
        DONE = "done", "done"

    RESUMABLE = (Status.CANCELLED, Status.FAILED)

    status = models.CharField(max_length=10, choices=Status, default=Status.RUNNING)
    started_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="scans")
    started_at = models.DateTimeField("started", auto_now_add=True)
    ended_at = models.DateTimeField("ended", null=True, blank=True)
    schedule = models.ForeignKey(
        "catalog.ScanSchedule", on_delete=models.SET_NULL, related_name="scans", null=True, blank=True
    )
    asked = models.TextField(
        blank=True, default="", help_text="A filter of the track list as its address has it; empty: the whole catalog"
    )
    words = models.TextField("what", blank=True, default="", help_text="The filter for a person")
    track_ids = models.JSONField(
        null=True, blank=True, editable=False, help_text="The tracks that the filter left when the scan started"
    )
    last_track = models.PositiveBigIntegerField(help_text="The newest track when the scan started")
    done_track = models.PositiveBigIntegerField(default=0, help_text="Every track up to this one has been searched")
    total = models.PositiveIntegerField("tracks to search")
    searched = models.PositiveIntegerField(default=0)
    failed = models.PositiveIntegerField(default=0)
    found = models.PositiveIntegerField("new duplicates", default=0)
    known = models.PositiveIntegerField("known duplicates", default=0, help_text="Pairs found again")
    progress = models.JSONField(
        default=dict, blank=True, editable=False, help_text="How far the search for a long track is"
    )
    failures = models.JSONField(default=list, blank=True, help_text="The first tracks that failed, and why")
    worked_s = models.FloatField(default=0.0)
    trying = models.PositiveBigIntegerField(default=0, editable=False, help_text="The current track")
    tries = models.PositiveSmallIntegerField(default=0, editable=False)
    setbacks = models.PositiveSmallIntegerField(
        default=0, editable=False, help_text="Attempts since the last finished track"
    )
    error = models.TextField(blank=True, default="", help_text="Why the last attempt failed")
    lease_token = models.UUIDField(null=True, blank=True, editable=False)
    lease_until = models.DateTimeField(null=True, blank=True, editable=False)
    queued_at = models.DateTimeField(auto_now_add=True, editable=False)

    objects = ScanQuerySet.as_manager()

    class Meta:
        verbose_name = "duplicate scan"
        ordering = ["-started_at", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["status"], condition=Q(status="running"), name="one_running_scan"),
            models.CheckConstraint(
                name="scan_status_and_end_agree",
                condition=Q(status="running", ended_at=None) | (~Q(status="running") & Q(ended_at__isnull=False)),
            ),
            models.CheckConstraint(condition=Q(done_track__lte=F("last_track")), name="scan_ends_at_its_last_track"),
        ]

    def __str__(self) -> str:
        return f"{self.status} scan of {self.total} tracks"

    @property
    def is_resumable(self) -> bool:
        """Whether the scan ended before its last track, so that it can be resumed."""
        return self.status in self.RESUMABLE

    @property
    def took(self) -> timedelta:
        """From its start to its end, or until now."""
        return (self.ended_at or timezone.now()) - self.started_at

    @property
    def looked_at(self) -> int:
        """How many tracks are done, failed ones included."""
        return self.searched + self.failed

    @property
    def seconds_left(self) -> float | None:
        """Seconds of work left at the pace so far; None before the first track is done."""
        if not self.looked_at:
            return None
        return max(self.total - self.looked_at, 0) * self.worked_s / self.looked_at
