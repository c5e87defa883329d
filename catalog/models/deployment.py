"""Who this database is, to stores that another one might use as well."""

import uuid

from django.db import models
from django.utils import timezone


class Deployment(models.Model):
    """One row. A copy of the database has the same one; what tells them apart is `token`, which is renewed."""

    identity = models.UUIDField(default=uuid.uuid4, help_text="Changes when a backup is put back")
    token = models.UUIDField(default=uuid.uuid4, help_text="What the mark in the store of uploaded files says")
    token_before = models.UUIDField(null=True, blank=True, help_text="What it may still say")
    token_at = models.DateTimeField(default=timezone.now)
    owns_store = models.BooleanField(default=True, help_text="As the sweeper saw it last")

    def __str__(self) -> str:
        return f"deployment {self.identity}"
