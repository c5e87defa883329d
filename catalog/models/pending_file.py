"""Stored files on their way in or out."""

from django.db import models
from django.utils import timezone


class PendingFile(models.Model):
    """A name in the store that no `AudioFile` has: its bytes are being written, or are to be removed.

    The row is there before the bytes and goes after them, so that what a killed process leaves is known from rows.
    Nothing else in a store is ever removed.
    """

    class State(models.TextChoices):
        """Which way it goes."""

        WRITING = "writing"
        REMOVING = "removing"

    name = models.CharField(max_length=100, unique=True, help_text="Path below the audio folder")
    state = models.CharField(max_length=10, choices=State.choices)
    since = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"{self.name} ({self.state})"
