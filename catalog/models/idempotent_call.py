"""API calls with an `Idempotency-Key`, which the client may repeat."""

from django.conf import settings
from django.db import models


class IdempotentCall(models.Model):
    """One `Idempotency-Key` of an account and the answer to its first call. Key and answer are not stored in clear."""

    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="idempotent_calls", db_index=False
    )
    key_digest = models.CharField(max_length=64, help_text="SHA-256 of the key")
    request_digest = models.CharField(max_length=64, help_text="SHA-256 of method, address and body")
    sealed_answer = models.TextField(blank=True, help_text="The body as sent, encrypted; empty while it is worked on")
    status = models.PositiveSmallIntegerField(null=True, blank=True, help_text="HTTP status of the answer")
    lease_token = models.UUIDField(null=True, blank=True, editable=False)
    lease_until = models.DateTimeField(null=True, blank=True, editable=False)
    created_at = models.DateTimeField(db_index=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["owner", "key_digest"], name="one_call_per_owner_and_key")]

    def __str__(self) -> str:
        return f"call of {self.owner_id}"
