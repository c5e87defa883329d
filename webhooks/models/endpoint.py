"""Callback URLs: where accounts want their callbacks."""

import uuid
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models

from textsearch.fields import FoldedField, FoldingQuerySet, Searched
from webhooks.choices import BodyFormat, Scheme, contract_events

if TYPE_CHECKING:
    from django.contrib.auth.models import User

MAX_NAME_CHARACTERS = 100
MAX_DESCRIPTION_CHARACTERS = 1000


class EndpointQuerySet(FoldingQuerySet["Endpoint"]):
    """Filters on callback URLs."""

    def of(self, owner: "User") -> "EndpointQuerySet":
        """An account's own URLs, without those that it removed: their rows stay for what was sent to them."""
        return self.filter(owner=owner, removed_at=None)

    def in_trouble_first(self) -> "EndpointQuerySet":
        """The URLs in use: first those that fail now, then those that failed last."""
        failing = models.Case(models.When(failing_since=None, then=1), default=0)
        return self.filter(removed_at=None).order_by(failing, models.F("last_failure_at").desc(nulls_last=True), "pk")


class Endpoint(Searched):
    """One callback URL of an account. Callbacks go there only while it is verified, not disabled and not paused.

    A candidate waits beside a verified URL until it answers the challenge, and then replaces it. After a pause one
    callback is tried first; `paused_until` is then the end of that worker's lease (services/pausing.py).
    """

    class Pause(models.TextChoices):
        """Why nothing is sent for a while."""

        THROTTLED = "throttled"
        FAILING = "failing"

    public_id = models.UUIDField("id", default=uuid.uuid4, unique=True, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="callback_endpoints")
    name = models.CharField(max_length=MAX_NAME_CHARACTERS, blank=True, default="")
    name_words = FoldedField(of=("name",))
    description = models.TextField(max_length=MAX_DESCRIPTION_CHARACTERS, blank=True, default="")
    url = models.CharField("URL", max_length=2000)
    words = FoldedField(of=("url",))
    events = models.JSONField(default=contract_events)
    body_format = models.CharField("body", max_length=16, choices=BodyFormat, default=BodyFormat.CONTRACT)
    scheme = models.CharField("signature", max_length=16, choices=Scheme, default=Scheme.HMAC)
    sealed_headers = models.TextField(blank=True, default="", editable=False)
    sealed_secret = models.TextField(editable=False)
    sealed_previous_secret = models.TextField(editable=False, blank=True, default="")
    previous_secret_until = models.DateTimeField(null=True, blank=True, editable=False)
    candidate_url = models.CharField("new URL", max_length=2000, blank=True, default="", editable=False)
    sealed_candidate_secret = models.TextField(editable=False, blank=True, default="")
    verified_at = models.DateTimeField(null=True, blank=True, editable=False)
    verify_error = models.TextField(blank=True, default="", editable=False, help_text="Why the last challenge failed.")
    disabled_at = models.DateTimeField(null=True, blank=True, editable=False)
    disabled_reason = models.TextField(blank=True, default="", editable=False)
    disabled_by_owner = models.BooleanField(default=False, editable=False)
    failing_since = models.DateTimeField(null=True, blank=True, editable=False)
    last_failure_at = models.DateTimeField(null=True, blank=True, editable=False)
    failures_in_row = models.PositiveIntegerField(default=0, editable=False)
    paused_until = models.DateTimeField(null=True, blank=True, editable=False)
    pause_reason = models.CharField(max_length=16, choices=Pause, blank=True, default="", editable=False)
    pauses_in_row = models.PositiveIntegerField(default=0, editable=False)
    noted_state = models.CharField(max_length=16, blank=True, default="", editable=False)
    recovery_started_at = models.DateTimeField(null=True, blank=True, editable=False)
    recovery_total = models.PositiveIntegerField(default=0, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    removed_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = EndpointQuerySet.as_manager()

    class Meta:
        ordering = ["pk"]
        verbose_name = "callback URL"

    def __str__(self) -> str:
        return self.name or self.url

    @property
    def is_deliverable(self) -> bool:
        """Whether callbacks may go there, now or after a pause."""
        return self.verified_at is not None and self.disabled_at is None

    @property
    def newest_url(self) -> str:
        """The address that was stored last; it may not have answered its challenge yet."""
        return self.candidate_url or self.url
