"""Bulk actions: what staff asked for about many tracks at once."""

from django.db import models
from django.db.models import F, Q

from queueing.models import ChunkedWork


class BulkWork(ChunkedWork):
    """A list of tracks and what is done with each, in order; `done` tracks are finished, and the work goes on there.

    Moves by conditional UPDATE only (queueing.chunked_work, catalog.services.tracks.bulk_work).
    """

    class Kind(models.TextChoices):
        ADD = "add", "add to the index"
        CHECK = "check", "check for duplicates"
        REMOVE = "remove", "remove from the catalog"
        RESTORE = "restore", "restore"
        MERGE = "merge", "merge into the track to keep, and remove"

    kind = models.CharField("what", max_length=10, choices=Kind)
    track_ids = models.JSONField(editable=False)
    total = models.PositiveIntegerField("tracks")
    done = models.PositiveIntegerField(default=0)
    passed_over = models.PositiveIntegerField(
        default=0, help_text="Tracks that were skipped: removed, or nothing to do"
    )
    failed = models.PositiveIntegerField(default=0)
    failures = models.JSONField(default=list, blank=True, help_text="The first tracks that failed, and why")
    undoes = models.OneToOneField(
        "self", on_delete=models.SET_NULL, related_name="undone_by", null=True, blank=True, editable=False
    )

    class Meta:
        verbose_name = "bulk action"
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(condition=Q(done__lte=F("total")), name="bulk_work_ends_at_its_last_track"),
        ]
        indexes = [models.Index(fields=["id"], condition=Q(ended_at=None), name="bulk_work_to_do")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.total} tracks"
