"""How much a key was used, by day."""

from django.db import models


class ApiKeyDay(models.Model):
    """The calls of one key on one day in UTC; the minute that is counted now is still in the key's own row."""

    api_key = models.ForeignKey("catalog.ApiKey", on_delete=models.CASCADE, related_name="days")
    day = models.DateField()
    calls = models.PositiveIntegerField(default=0)

    class Meta:
        verbose_name = "day of an API key"
        constraints = [models.UniqueConstraint(fields=["api_key", "day"], name="one_row_a_key_and_day")]

    def __str__(self) -> str:
        return f"{self.day}: {self.calls}"
