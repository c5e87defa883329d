"""The process that may write an index folder."""

from django.db import models


class IndexLease(models.Model):
    """One row for each folder of index files; its holder compacts there."""

    folder = models.CharField(max_length=40, primary_key=True)
    token = models.UUIDField(null=True, blank=True, editable=False)
    until = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"index folder {self.folder}"
