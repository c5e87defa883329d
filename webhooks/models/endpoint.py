"""Where an account wants its callbacks."""

from django.conf import settings
from django.db import models

from textsearch.fields import FoldedField, FoldingQuerySet, Searched


class Endpoint(Searched):
    """An account's one callback URL; delivered to only while verified and not disabled.

    A candidate stands beside a verified URL until it answers the challenge, and takes its place then.
    """

    owner = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="callback_endpoint")
    url = models.CharField("URL", max_length=2000)
    words = FoldedField(of=("url",))
    sealed_secret = models.TextField(editable=False)
    sealed_previous_secret = models.TextField(editable=False, blank=True, default="")
    previous_secret_until = models.DateTimeField(null=True, blank=True, editable=False)
    candidate_url = models.CharField("new URL", max_length=2000, blank=True, default="", editable=False)
    sealed_candidate_secret = models.TextField(editable=False, blank=True, default="")
    verified_at = models.DateTimeField(null=True, blank=True, editable=False)
    verify_error = models.TextField(blank=True, default="", editable=False, help_text="Why the last challenge failed.")
    disabled_at = models.DateTimeField(null=True, blank=True, editable=False)
    disabled_reason = models.TextField(blank=True, default="", editable=False)
    failing_since = models.DateTimeField(null=True, blank=True, editable=False)
    last_failure_at = models.DateTimeField(null=True, blank=True, editable=False)
    recovery_started_at = models.DateTimeField(null=True, blank=True, editable=False)
    recovery_total = models.PositiveIntegerField(default=0, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = FoldingQuerySet["Endpoint"].as_manager()

    class Meta:
        ordering = ["pk"]
        verbose_name = "callback URL"

    def __str__(self) -> str:
        return self.url

    @property
    def is_deliverable(self) -> bool:
        """Whether callbacks may go there now."""
        return self.verified_at is not None and self.disabled_at is None

    @property
    def newest_url(self) -> str:
        """The URL that was stored last; it may have to answer its challenge yet."""
        return self.candidate_url or self.url
