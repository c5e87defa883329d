"""When each queue last ran anything: what the watchdog looks at."""

from django.db import models


class QueueHeartbeat(models.Model):
    """The last canary that a cluster was sent and the last that it ran."""

    cluster = models.CharField(max_length=40, primary_key=True)
    sent_at = models.DateTimeField()
    answered_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return self.cluster
