"""Sources, which may call the incoming endpoint, and what they sent."""

from django.db import models

from textsearch.fields import FoldedField, FoldingQuerySet, Searched


class Source(models.Model):
    """A deployment or an account that sends callbacks to `/webhooks/incoming/<slug>/`."""

    slug = models.SlugField(max_length=100, unique=True)
    sealed_secret = models.TextField(editable=False)
    sealed_previous_secret = models.TextField(editable=False, blank=True, default="")
    previous_secret_until = models.DateTimeField(null=True, blank=True, editable=False)
    refused_count = models.PositiveBigIntegerField(default=0, editable=False)
    received_count = models.PositiveBigIntegerField(
        default=0, editable=False, help_text="All callbacks that were stored, including deleted ones"
    )
    last_received_at = models.DateTimeField(null=True, blank=True, editable=False)
    signs_bodies = models.BooleanField(
        default=False, editable=False, help_text="The source has signed a body, so every body must be signed"
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["slug"]

    def __str__(self) -> str:
        return self.slug


class Received(Searched):
    """A callback with a valid signature and body, stored once however often it arrives."""

    source = models.ForeignKey(Source, on_delete=models.CASCADE, related_name="received")
    message_id = models.CharField(max_length=255)
    event = models.CharField(max_length=64)
    status = models.CharField(max_length=16)
    task_id = models.CharField(max_length=64)
    words = FoldedField(of=("task_id", "message_id"))
    body = models.TextField(help_text="The JSON text exactly as received.")
    mippia_verified = models.BooleanField(help_text="x-mippia-signature was sent and is valid.")
    standard_verified = models.BooleanField(help_text="webhook-signature was sent and is valid.")
    first_seen_at = models.DateTimeField()
    last_seen_at = models.DateTimeField()
    times_seen = models.PositiveIntegerField(default=1)

    objects = FoldingQuerySet["Received"].as_manager()

    class Meta:
        ordering = ["-pk"]
        verbose_name = "callback in"
        verbose_name_plural = "callbacks in"
        constraints = [
            models.UniqueConstraint(fields=["source", "message_id"], name="received_once"),
        ]
        indexes = [
            models.Index(fields=["first_seen_at"], name="received_first_seen"),
            # By their first characters too, which PostgreSQL looks up in such an index alone.
            models.Index(fields=["task_id"], name="received_task", opclasses=["varchar_pattern_ops"]),
            models.Index(fields=["message_id"], name="received_message", opclasses=["varchar_pattern_ops"]),
        ]

    def __str__(self) -> str:
        return f"callback about {self.task_id}"


class Refused(Searched):
    """A request that was refused. Only the newest are kept; the source counts all of them."""

    class Reason(models.TextChoices):
        """The class of the refusal; `detail` says it in words."""

        UNKNOWN_SOURCE = "unknown_source"
        SIGNATURE = "signature"
        BODY = "body"
        TOO_LARGE = "too_large"

    source = models.ForeignKey(Source, on_delete=models.CASCADE, null=True, related_name="refused")
    slug = models.CharField(max_length=100)
    reason = models.CharField(max_length=16, choices=Reason.choices)
    detail = models.TextField()
    words = FoldedField(of=("slug", "detail"))
    remote_address = models.CharField(max_length=64, blank=True, default="")
    at = models.DateTimeField()
    message_id = models.CharField(max_length=255, blank=True, default="")
    task_id = models.CharField(max_length=64, blank=True, default="")
    agent = models.CharField(max_length=255, blank=True, default="")
    headers = models.JSONField(default=dict, help_text="As they came; signatures and credentials are masked.")
    sealed_signatures = models.TextField(blank=True, default="", editable=False)
    body = models.TextField(blank=True, default="", help_text="The first 16 kB.")
    body_bytes = models.PositiveIntegerField(default=0, help_text="How many bytes were read.")
    body_is_whole = models.BooleanField(default=False, help_text="The body is here exactly as it came.")

    objects = FoldingQuerySet["Refused"].as_manager()

    class Meta:
        ordering = ["-pk"]
        verbose_name = "refused callback"
        verbose_name_plural = "refused callbacks"
        indexes = [models.Index(fields=["at"], name="refused_at")]

    def __str__(self) -> str:
        return self.detail
