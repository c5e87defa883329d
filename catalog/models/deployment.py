"""The identity of this database, for stores that another database might use as well."""

import uuid

from django.db import models
from django.utils import timezone


class Deployment(models.Model):
    """The only row. A copy of the database has the same `identity`; `token`, which is renewed, tells the two apart."""

    identity = models.UUIDField(default=uuid.uuid4, help_text="Changes when a backup is put back")
    token = models.UUIDField(default=uuid.uuid4, help_text="What the mark in the store of uploaded files says")
    token_before = models.UUIDField(
        null=True, blank=True, help_text="The token before this one, which the mark may still have"
    )
    token_at = models.DateTimeField(default=timezone.now)
    owns_store = models.BooleanField(default=True, help_text="What the sweeper found last")

    def __str__(self) -> str:
        return f"deployment {self.identity}"
