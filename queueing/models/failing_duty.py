"""The sweeper's duties that failed lately."""

from django.db import models


class FailingDuty(models.Model):
    """A duty of the sweeper whose last run failed. The row goes when the duty succeeds."""

    name = models.CharField(max_length=60, primary_key=True)
    tries = models.PositiveIntegerField()
    error = models.TextField()
    failed_at = models.DateTimeField()
    next_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name
