"""The index's log: every searching process applies it, in order, before it searches."""

from django.db import models


class IndexClock(models.Model):
    """The only row: the last sequence number given. Its row lock makes commits follow the numbers."""

    last_sequence = models.PositiveBigIntegerField(default=0)

    def __str__(self) -> str:
        return str(self.last_sequence)


class IndexOperation(models.Model):
    """One track added to the index or taken out. `track_key` stays when the track's row goes."""

    class Kind(models.TextChoices):
        ADD = "add", "add"
        REMOVE = "remove", "remove"  # because its track was removed
        TAKE_OUT = "out", "take out"  # because somebody asked for it: nothing but a new add puts it back

    sequence = models.PositiveBigIntegerField(primary_key=True)
    kind = models.CharField(max_length=6, choices=Kind)
    track_key = models.BigIntegerField(db_index=True)
    version = models.CharField(max_length=40)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["sequence"]
        indexes = [models.Index(fields=["track_key", "-sequence"], name="latest_operation_of_track")]

    def __str__(self) -> str:
        return f"{self.sequence}: {self.kind} {self.track_key}"
