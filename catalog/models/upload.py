"""Uploads in more than one call."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import F, Q


class Upload(models.Model):
    """A file on its way: first a row, then bytes, and a track at the end.

    `received_bytes` is less than `size_bytes` until the track exists: a client that asks how far it is always has a
    byte left to send, and sending it tries the end once more.
    """

    class Way(models.TextChoices):
        """Where the bytes arrive."""

        RESUMABLE = "resumable"  # here, piece by piece (tus)
        PRESIGNED = "presigned"  # in the bucket, at once

    class State(models.TextChoices):
        """Whether the upload goes on, and how it ended."""

        OPEN = "open"
        DONE = "done"
        REFUSED = "refused"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="uploads")
    way = models.CharField(max_length=10, choices=Way)
    state = models.CharField(max_length=8, choices=State, default=State.OPEN)
    file_name = models.CharField(max_length=255)
    metadata = models.TextField(blank=True, help_text="Upload-Metadata, as it was sent")
    size_bytes = models.PositiveBigIntegerField("size")
    received_bytes = models.PositiveBigIntegerField("received", default=0)
    track = models.ForeignKey("catalog.Track", on_delete=models.CASCADE, related_name="+", null=True, blank=True)
    error = models.TextField(blank=True, help_text="Why it is refused, for a person")
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(db_index=True)
    lease_token = models.UUIDField(null=True, blank=True, editable=False)
    lease_until = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="upload_is_done_with_a_track",
                condition=Q(state="done", track__isnull=False) | (~Q(state="done") & Q(track=None)),
            ),
            models.CheckConstraint(
                name="upload_never_holds_more_than_its_size", condition=Q(received_bytes__lte=F("size_bytes"))
            ),
        ]

    def __str__(self) -> str:
        return f"{self.way} upload {self.pk} ({self.state})"
