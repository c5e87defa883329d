"""Work that the sweeper does a chunk at a time."""

from django.conf import settings
from django.db import models


class ChunkedWork(models.Model):
    """What somebody asked for, who holds it, and how it ended; the table that inherits it says how far it is.

    Moves by conditional UPDATE only (queueing.chunked_work).
    """

    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField("asked", auto_now_add=True)
    ended_at = models.DateTimeField("ended", null=True, blank=True)
    stopped_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", null=True, blank=True
    )
    error = models.TextField(blank=True, default="", help_text="Why the last attempt failed")
    tries = models.PositiveSmallIntegerField(default=0, editable=False)
    lease_token = models.UUIDField(null=True, blank=True, editable=False)
    lease_until = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        abstract = True
