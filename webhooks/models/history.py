"""The history of callback URLs: counts of attempts by the hour, and changes of state."""

from django.db import models


class AttemptCount(models.Model):
    """Attempts at one URL that ended in one hour in one way, and callbacks that were given up in it.

    Accepted attempts have no cause. They are counted by how long the answer took: each `step` is half an octave of
    milliseconds (services/counting.py). Failed attempts have a cause and no step.
    """

    endpoint = models.ForeignKey("webhooks.Endpoint", on_delete=models.CASCADE, related_name="attempt_counts")
    hour = models.PositiveIntegerField(help_text="Hours since 1970: many rows are read at once.")
    cause = models.CharField(max_length=16, blank=True, default="")
    step = models.PositiveSmallIntegerField(default=0)
    attempts = models.PositiveIntegerField(default=0)
    given_up = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["endpoint", "hour", "cause", "step"], name="attempt_count_once"),
        ]
        indexes = [models.Index(fields=["hour"], name="attempt_count_hour")]

    def __str__(self) -> str:
        return f"{self.attempts} attempts"


class StateChange(models.Model):
    """When a URL changed to another state (services/standing.py)."""

    endpoint = models.ForeignKey("webhooks.Endpoint", on_delete=models.CASCADE, related_name="state_changes")
    at = models.DateTimeField()
    state = models.CharField(max_length=16)

    class Meta:
        indexes = [
            models.Index(fields=["endpoint", "-at"], name="state_change_newest"),
            models.Index(fields=["at"], name="state_change_at"),
        ]

    def __str__(self) -> str:
        return self.state
