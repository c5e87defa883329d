"""When each queue last ran anything, for the watchdog."""

from django.db import models


class QueueHeartbeat(models.Model):
    """A cluster's last canary, sent and answered; when it last acknowledged an entry; how often it was restarted."""

    cluster = models.CharField(max_length=40, primary_key=True)
    sent_at = models.DateTimeField(null=True, blank=True)
    answered_at = models.DateTimeField(null=True, blank=True)
    acknowledged_at = models.DateTimeField(null=True, blank=True)
    replaced_at = models.DateTimeField(null=True, blank=True)
    replaced_count = models.PositiveIntegerField(default=0)
    replaced_reason = models.CharField(max_length=200, blank=True, default="")

    class Meta:
        db_table = "catalog_queueheartbeat"  # the app that it was made in

    def __str__(self) -> str:
        return self.cluster
