"""The number of each account's newest ended task."""

from django.conf import settings
from django.db import models


class EventClock(models.Model):
    """The last number given to an ended task of an account. Its row lock makes commits follow the numbers."""

    owner = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, primary_key=True, related_name="event_clock"
    )
    last_number = models.PositiveBigIntegerField(default=0)

    def __str__(self) -> str:
        return str(self.last_number)
