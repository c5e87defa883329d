"""The state of a callback URL in a word, with the reason and what to do about it."""

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db.models import TextChoices

from webhooks.models import Endpoint
from webhooks.services.history import LATELY, lost


class State(TextChoices):
    """The states of a URL; the first that applies. PAUSED is a circuit breaker's open state, TRYING its half-open."""

    REMOVED = "removed", "removed"
    DISABLED = "disabled", "disabled"
    UNVERIFIED = "unverified", "not verified"
    PAUSED = "paused", "paused"
    TRYING = "trying", "being tried"
    FAILING = "failing", "failing"
    DEGRADED = "degraded", "degraded"
    HEALTHY = "healthy", "healthy"


@dataclass(frozen=True)
class Standing:
    """A URL's state. `until` is the end of a pause. `reason` and `advice` are sentences, empty if all is well."""

    state: State
    reason: str = ""
    advice: str = ""
    until: datetime | None = None


_VERIFY = "Once the receiver works, choose “Verify again”"
_PAUSES_END = "The pause ends by itself. Then one callback is tried, and the others follow if it arrives."


def standing_of(endpoint: Endpoint, *, now: datetime, lost_count: int | None = None) -> Standing:
    """Return the state of a URL at `now`; with `lost_count`, callbacks given up lately count as trouble too."""
    if endpoint.removed_at is not None:
        return Standing(State.REMOVED, "The account removed this URL. What was sent to it stays here.")
    if endpoint.disabled_at is not None:
        return Standing(State.DISABLED, endpoint.disabled_reason, f"{_VERIFY}, then “Recover failed”.")
    if endpoint.verified_at is None:
        reason = endpoint.verify_error or "The URL has not answered its challenge yet."
        return Standing(State.UNVERIFIED, reason, f"{_VERIFY}. Callbacks wait until then.")
    if endpoint.paused_until is not None:
        return _of_pause(endpoint, endpoint.paused_until, now)
    if endpoint.failing_since is not None:
        return Standing(State.FAILING, "The last attempt failed.", "Each callback is tried again by the schedule.")
    if lost_count is None:
        lost_count = lost(endpoint.messages.all(), now=now).count()
    return _of_losses(lost_count)


def _of_losses(count: int) -> Standing:
    """Return how a URL stands that answers now: callbacks that never arrived are not made good by later ones."""
    if not count:
        return Standing(State.HEALTHY)
    callbacks = f"{count:,} callback{'s' if count > 1 else ''}"
    reason = f"{callbacks} of the last {LATELY.days} days failed in every attempt."
    return Standing(State.DEGRADED, reason, "“Recover failed” sends them again.")


def _of_pause(endpoint: Endpoint, until: datetime, now: datetime) -> Standing:
    reason = {
        Endpoint.Pause.THROTTLED.value: "The receiver, or a gateway in front of it, asked for fewer calls.",
        Endpoint.Pause.FAILING.value: f"{settings.WEBHOOK_CIRCUIT_FAILURES} or more attempts failed in a row.",
    }.get(endpoint.pause_reason, "")
    if until <= now:
        return Standing(State.TRYING, reason, "The next callback that is due tries the URL. The others wait for it.")
    advice = f"{_PAUSES_END} {_VERIFY} to end it at once."
    return Standing(State.PAUSED, reason, advice, until)
