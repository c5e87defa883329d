"""Links to the evidence of one match, for somebody without an account."""

import uuid

from django.conf import settings
from django.db import models
from django.utils import timezone


class EvidenceLink(models.Model):
    """One link. Its address is signed and names this row, so that staff can withdraw it."""

    match = models.ForeignKey("catalog.Match", on_delete=models.CASCADE, related_name="evidence_links")
    nonce = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    made_at = models.DateTimeField("made", auto_now_add=True)
    expires_at = models.DateTimeField("expires")
    revoked_at = models.DateTimeField("withdrawn", null=True, blank=True)
    opened = models.PositiveIntegerField("times opened", default=0)
    last_opened_at = models.DateTimeField("last opened", null=True, blank=True)
    minute = models.BigIntegerField(default=0, editable=False, help_text="Minutes since 1970 of the last opening")
    minute_opened = models.PositiveIntegerField(default=0, editable=False)

    class Meta:
        verbose_name = "evidence link"
        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"Evidence of match {self.match_id}"

    @property
    def works(self) -> bool:
        """Whether the link can still be opened."""
        return self.revoked_at is None and self.expires_at > timezone.now()
