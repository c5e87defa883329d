"""How many of an account's tasks have ended."""

from django.conf import settings
from django.db import models


class EventClock(models.Model):
    """The last number given to an ended task of an account; its row lock puts commits in the order of their numbers."""

    owner = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, primary_key=True, related_name="event_clock"
    )
    last_number = models.PositiveBigIntegerField(default=0)

    def __str__(self) -> str:
        return str(self.last_number)
