"""API keys. The text of a key is never stored."""

from django.conf import settings
from django.db import models

from textsearch.fields import FoldedField, FoldingQuerySet, Searched


class ApiKey(Searched):
    """An account's bearer key: found by its prefix, checked by its hash."""

    class Tier(models.TextChoices):
        FREE = "free", "free"
        PAID = "paid", "paid"
        CUSTOM = "custom", "custom"

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="api_keys")
    label = models.CharField(max_length=80, blank=True)
    words = FoldedField(of=("label",))
    prefix = models.CharField(max_length=12, unique=True, editable=False)
    key_hash = models.CharField(max_length=64, editable=False)
    tier = models.CharField(max_length=6, choices=Tier, default=Tier.FREE)
    custom_per_minute = models.PositiveIntegerField(
        "calls per minute", null=True, blank=True, help_text="Custom tier only"
    )
    expires_at = models.DateTimeField("expires", null=True, blank=True)
    revoked_at = models.DateTimeField("revoked", null=True, blank=True)
    created_at = models.DateTimeField("created", auto_now_add=True)
    last_used_at = models.DateTimeField("last used", null=True, blank=True)

    objects = FoldingQuerySet["ApiKey"].as_manager()

    class Meta:
        verbose_name = "API key"
        ordering = ["-created_at", "-id"]
        constraints = [
            models.CheckConstraint(
                name="custom_tier_has_its_own_limit",
                condition=(
                    models.Q(tier="custom", custom_per_minute__gt=0)
                    | (~models.Q(tier="custom") & models.Q(custom_per_minute=None))
                ),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.prefix}…"
