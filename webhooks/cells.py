"""How states of callbacks and their URLs look on staff pages, and the links between these pages."""

from collections.abc import Iterable

from django.utils.html import format_html
from django.utils.safestring import SafeString

from staff.display import NOTHING, badge
from staff.row_ids import page_of
from webhooks.failures import status_words
from webhooks.models import Attempt, Endpoint, Message
from webhooks.services.standing import Standing, State

MAX_URL_SHOWN = 28
_MESSAGE_STATES = {
    Message.State.PENDING: ("waiting", "schedule", "waiting"),
    Message.State.DELIVERING: ("running", "autorenew", "being sent"),
    Message.State.DELIVERED: ("good", "check_circle", "delivered"),
    Message.State.FAILED: ("bad", "error", "failed"),
}


_ENDPOINT_STATES = {
    State.REMOVED: ("off", "delete"),
    State.DISABLED: ("bad", "block"),
    State.UNVERIFIED: ("waiting", "help"),
    State.PAUSED: ("warning", "pause_circle"),
    State.TRYING: ("warning", "autorenew"),
    State.FAILING: ("bad", "warning"),
    State.DEGRADED: ("warning", "report"),
    State.HEALTHY: ("good", "check_circle"),
}


def endpoint_state(standing: Standing) -> SafeString:
    """Return whether callbacks go to the URL, and if not, why."""
    tone, icon = _ENDPOINT_STATES[standing.state]
    return badge(tone, icon, str(standing.state.label), standing.reason)


def state_word(state: str) -> SafeString:
    """Return a recorded state of a URL as a badge."""
    known = State(state) if state in State.values else State.HEALTHY
    return badge(*_ENDPOINT_STATES[known], str(known.label))


def candidate(endpoint: Endpoint) -> SafeString | str:
    """Return the URL that is to replace the one in use, on a line of its own."""
    if not endpoint.candidate_url:
        return ""
    return format_html(
        '<br><span class="mf-sub" title="{}">new, not verified: {}</span>',
        endpoint.verify_error,
        short_url(endpoint.candidate_url),
    )


def message_state(message: Message) -> SafeString:
    """Return the state of a message; one that waits for its URL says so."""
    if message.state == Message.State.PENDING and not message.endpoint.is_deliverable:
        return badge("off", "pause_circle", "held", "Its URL is not verified, or is disabled.")
    if message.state == Message.State.PENDING and message.endpoint.paused_until is not None:
        return badge("off", "pause_circle", "held", "Its URL is paused.")
    return state_badge(message.state, message.error)


def state_badge(state: str, title: str = "") -> SafeString:
    """Return a callback's state as a badge; `title` is shown on hover."""
    return badge(*_MESSAGE_STATES[Message.State(state)], title)


def attempt_outcome(attempt: Attempt) -> SafeString:
    """Return the status of one attempt, or why it has none."""
    if attempt.ended_at is None:
        return badge("running", "sync", "on its way")
    if attempt.succeeded:
        return badge("good", "check_circle", str(attempt.status))
    if attempt.status is not None:
        return badge("bad", "error", str(attempt.status), status_words(attempt.status))
    return badge("bad", "error", "no answer", attempt.error)


def attempt_words(attempt: Attempt) -> str:
    """Return what went wrong in one attempt, in plain words."""
    return attempt.error or status_words(attempt.status)


def chain(attempts: Iterable[Attempt]) -> SafeString | str:
    """Return the outcomes of the newest attempts, oldest first: `500 → none → 200`, with the number of all."""
    attempts = list(attempts)
    shown = attempts[-3:]
    words = [str(attempt.status or ("…" if attempt.ended_at is None else "none")) for attempt in shown]
    if not words:
        return NOTHING
    first = "… → " if len(attempts) > len(shown) else ""
    number = f"{len(attempts)} attempt{'s' if len(attempts) > 1 else ''}"
    return format_html(
        '<span class="tabular-nums whitespace-nowrap" title="{}">{}{}</span>', number, first, " → ".join(words)
    )


def short_url(url: str) -> str:
    """Return `url` without its scheme, and cut where it would widen a table."""
    bare = url.split("://", 1)[-1]
    return bare if len(bare) <= MAX_URL_SHOWN else f"{bare[: MAX_URL_SHOWN - 1]}…"


def link(obj: Endpoint | Message, text: str, *, title: str = "") -> SafeString:
    """Return a link to the staff page of `obj`."""
    return format_html(
        '<a href="{}" title="{}" class="text-primary-600 whitespace-nowrap dark:text-primary-500">{}</a>',
        page_of(obj),
        title,
        text,
    )
