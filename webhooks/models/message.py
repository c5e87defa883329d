"""Sent callbacks, and every attempt at each."""

from datetime import datetime

from django.db import models
from django.db.models import Q

from textsearch.fields import FoldedField, FoldingQuerySet, Searched
from webhooks.causes import Cause


class Message(models.Model):
    """One callback to one URL. Its body never changes, and its id is the same in all attempts."""

    class State(models.TextChoices):
        """PENDING waits for its time, a worker is sending DELIVERING, and the other two are ends."""

        PENDING = "pending"
        DELIVERING = "delivering"
        DELIVERED = "delivered"
        FAILED = "failed"

    message_id = models.CharField(max_length=64, unique=True, editable=False)
    endpoint = models.ForeignKey("webhooks.Endpoint", on_delete=models.CASCADE, related_name="messages")
    event = models.CharField(max_length=64)
    event_key = models.CharField(max_length=200)
    subject = models.CharField(
        max_length=200,
        blank=True,
        help_text="The task id that x-mippia-signature covers; empty where it is about no task.",
    )
    body = models.TextField(help_text="The JSON text exactly as sent.")
    state = models.CharField(max_length=16, choices=State.choices, default=State.PENDING)
    error = models.TextField(blank=True, default="", help_text="Why it failed for good.")
    cause = models.CharField(
        max_length=16,
        choices=Cause,
        blank=True,
        default="",
        help_text="The kind of its last failure; none once its content was deleted.",
    )
    attempt_count = models.PositiveIntegerField(default=0)
    schedule_start = models.DateTimeField(help_text="The retry schedule counts from here.")
    schedule_step = models.PositiveIntegerField(default=0, help_text="Place in the schedule of the next attempt.")
    next_attempt_at = models.DateTimeField(
        help_text="When a worker may claim it: at the next attempt, or when its worker's lease ends."
    )
    lease_token = models.UUIDField(
        null=True, editable=False, help_text="Lease of the worker that has it, or had it last"
    )
    queued_until = models.DateTimeField(null=True, help_text="Until then the message counts as queued.")
    created_at = models.DateTimeField()
    delivered_at = models.DateTimeField(null=True)
    content_deleted_at = models.DateTimeField(
        null=True, help_text="When its body and what was sent and answered were deleted."
    )

    class Meta:
        ordering = ["-pk"]
        verbose_name = "callback out"
        verbose_name_plural = "callbacks out"
        constraints = [
            models.UniqueConstraint(fields=["endpoint", "event_key"], name="message_once_per_event"),
            models.CheckConstraint(
                condition=Q(state="delivered", delivered_at__isnull=False)
                | (~Q(state="delivered") & Q(delivered_at__isnull=True)),
                name="message_delivered_has_time",
            ),
        ]
        indexes = [
            models.Index(
                fields=["next_attempt_at"], name="message_due", condition=Q(state__in=["pending", "delivering"])
            ),
            models.Index(fields=["endpoint", "state", "created_at"], name="message_by_endpoint"),
            models.Index(
                fields=["endpoint", "-delivered_at"], name="message_delivered", condition=Q(state="delivered")
            ),
            models.Index(fields=["endpoint", "-created_at", "-id"], name="message_newest"),
            models.Index(fields=["created_at"], name="message_created"),
            models.Index(fields=["-id"], name="message_failed", condition=Q(state="failed")),
            models.Index(
                fields=["endpoint", "cause", "created_at"], name="message_failed_cause", condition=Q(state="failed")
            ),
            # By the first characters too, which PostgreSQL looks up in such an index alone.
            models.Index(fields=["subject"], name="message_subject", opclasses=["varchar_pattern_ops"]),
        ]

    def __str__(self) -> str:
        return f"callback about {self.subject or self.event}"

    @property
    def expected_at(self) -> datetime:
        """When the next attempt is expected: not before a pause of the URL ends."""
        return max(self.next_attempt_at, self.endpoint.paused_until or self.next_attempt_at)


class Attempt(Searched):
    """One HTTP request of a message: stored before it is sent, completed when it is answered."""

    message = models.ForeignKey(Message, on_delete=models.CASCADE, related_name="attempts")
    number = models.PositiveIntegerField()
    started_at = models.DateTimeField()
    url = models.TextField("URL")
    url_words = FoldedField(of=("url",))
    request_headers = models.JSONField(default=dict)
    ended_at = models.DateTimeField(null=True)
    duration_ms = models.PositiveIntegerField(null=True)
    status = models.PositiveSmallIntegerField(null=True)
    response_headers = models.JSONField(default=dict)
    response_body = models.TextField(blank=True, default="", help_text="The first kB.")
    error = models.TextField(blank=True, default="")
    error_words = FoldedField(of=("error",))

    objects = FoldingQuerySet["Attempt"].as_manager()

    class Meta:
        ordering = ["message", "number"]
        constraints = [
            models.UniqueConstraint(fields=["message", "number"], name="attempt_number_once"),
        ]
        indexes = [models.Index(fields=["started_at"], name="attempt_started")]

    def __str__(self) -> str:
        return f"attempt {self.number}"

    @property
    def succeeded(self) -> bool:
        """Whether the receiver accepted it: only a status of 2xx says so."""
        return self.status is not None and 200 <= self.status < 300
