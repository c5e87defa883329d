"""Schedules: scans that start by themselves."""

from django.conf import settings
from django.db import models
from django.db.models import Q


class ScanSchedule(models.Model):
    """A scan of a filter of the track list, every day or every week at a time of `TIME_ZONE`.

    `next_at` is its next start; it changes by conditional UPDATE only (catalog.scans.schedules).
    """

    class Every(models.TextChoices):
        DAY = "day", "every day"
        WEEK = "week", "every week"

    class Weekday(models.IntegerChoices):
        MONDAY = 0, "Monday"
        TUESDAY = 1, "Tuesday"
        WEDNESDAY = 2, "Wednesday"
        THURSDAY = 3, "Thursday"
        FRIDAY = 4, "Friday"
        SATURDAY = 5, "Saturday"
        SUNDAY = 6, "Sunday"

    asked = models.TextField(
        blank=True, default="", help_text="A filter of the track list as its address has it; empty: the whole catalog"
    )
    words = models.TextField("what", blank=True, default="", help_text="The filter for a person")
    every = models.CharField(max_length=10, choices=Every, default=Every.DAY)
    weekday = models.PositiveSmallIntegerField(choices=Weekday, default=Weekday.MONDAY)
    at = models.TimeField()
    is_on = models.BooleanField("on", default=True)
    set_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    set_at = models.DateTimeField(auto_now=True)
    next_at = models.DateTimeField("next run", null=True, blank=True)
    last_at = models.DateTimeField("last run", null=True, blank=True)
    last_scan = models.ForeignKey(
        "catalog.Scan", on_delete=models.SET_NULL, related_name="+", null=True, blank=True, editable=False
    )
    refusal = models.TextField(blank=True, default="", help_text="Why the last run started no scan")

    class Meta:
        verbose_name = "scan schedule"
        ordering = ["pk"]
        default_permissions = ()  # those of scans
        constraints = [
            models.CheckConstraint(
                name="a_schedule_that_is_on_has_a_next_run",
                condition=Q(is_on=True, next_at__isnull=False) | Q(is_on=False, next_at=None),
            ),
        ]

    def __str__(self) -> str:
        return f"scan {self.when}"

    @property
    def when(self) -> str:
        """When it runs, for a person: `every Monday at 03:00`."""
        days = "every day" if self.every == self.Every.DAY else f"every {self.get_weekday_display()}"
        return f"{days} at {self.at:%H:%M}"
