"""What the sweeper could not do lately."""

from django.db import models


class FailingDuty(models.Model):
    """A duty of the sweeper that failed and has not been done well since; one that is done well has no row."""

    name = models.CharField(max_length=60, primary_key=True)
    tries = models.PositiveIntegerField()
    error = models.TextField()
    failed_at = models.DateTimeField()
    next_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name
