"""How much each key was used, by day."""

from django.db import models


class ApiKeyDay(models.Model):
    """The calls of one key on one day in UTC, and those of the newest minute in which it was used."""

    api_key = models.ForeignKey("catalog.ApiKey", on_delete=models.CASCADE, related_name="days")
    day = models.DateField()
    calls = models.PositiveIntegerField(default=0)
    minute = models.BigIntegerField(default=0, help_text="Minutes since 1970")
    minute_calls = models.PositiveIntegerField(default=0)

    class Meta:
        verbose_name = "day of an API key"
        constraints = [models.UniqueConstraint(fields=["api_key", "day"], name="one_row_a_key_and_day")]

    def __str__(self) -> str:
        return f"{self.day}: {self.calls}"
