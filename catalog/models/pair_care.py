"""What reviewers write and arrange about a pair of tracks before somebody decides."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q


class PairCare(models.Model):
    """Who is to decide a pair: the person it was given to, not the one who asked for a second opinion."""

    first_track = models.ForeignKey("catalog.Track", on_delete=models.CASCADE, related_name="+")
    second_track = models.ForeignKey("catalog.Track", on_delete=models.CASCADE, related_name="+", db_index=False)
    assigned_to = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", null=True, blank=True
    )
    opinion_asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", null=True, blank=True
    )
    changed_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(first_track__lt=F("second_track")), name="care_pair_is_ordered"),
            models.UniqueConstraint(fields=["first_track", "second_track"], name="one_care_per_pair"),
        ]

    def __str__(self) -> str:
        return f"{self.first_track_id} and {self.second_track_id}"


class PairNote(models.Model):
    """A note that somebody wrote about a pair; notes are never deleted."""

    MOST_CHARS = 2000

    first_track = models.ForeignKey("catalog.Track", on_delete=models.CASCADE, related_name="+", db_index=False)
    second_track = models.ForeignKey("catalog.Track", on_delete=models.CASCADE, related_name="+")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    written_at = models.DateTimeField(auto_now_add=True)
    text = models.CharField(max_length=MOST_CHARS)

    class Meta:
        ordering = ["pk"]
        indexes = [models.Index(fields=["first_track", "second_track"], name="notes_of_pair")]
        constraints = [
            models.CheckConstraint(condition=Q(first_track__lt=F("second_track")), name="note_pair_is_ordered"),
        ]

    def __str__(self) -> str:
        return self.text
