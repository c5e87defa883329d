"""Stored files whose bytes are being written or removed."""

from django.db import models
from django.utils import timezone


class PendingFile(models.Model):
    """A name in the store without an `AudioFile`: its bytes are being written, or are to be removed.

    The row is stored before the bytes and deleted after them, so that rows tell what a killed process left.
    Nothing else in a store is ever removed.
    """

    class State(models.TextChoices):
        """Whether the file is being written or removed."""

        WRITING = "writing"
        REMOVING = "removing"

    name = models.CharField(max_length=100, unique=True, help_text="Path below the audio folder")
    state = models.CharField(max_length=10, choices=State.choices)
    since = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"{self.name} ({self.state})"
