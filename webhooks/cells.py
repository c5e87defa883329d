"""How values look in staff pages: a state as word, icon and colour; a time relative with the exact one on hover."""

import contextlib
import json
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from webhooks.models import Attempt, Endpoint, Message

NOTHING = "-"
MAX_URL_SHOWN = 32
_TONES = {"good": "good", "bad": "bad", "wait": "waiting", "busy": "running", "plain": "off"}
_MESSAGE_STATES = {
    Message.State.PENDING: ("schedule", "wait"),
    Message.State.DELIVERING: ("sync", "busy"),
    Message.State.DELIVERED: ("check_circle", "good"),
    Message.State.FAILED: ("error", "bad"),
}
_UNITS = [(86400, "d"), (3600, "h"), (60, "min"), (1, "s")]


def badge(word: str, *, icon: str, tone: str, title: str = "") -> SafeString:
    """Return `word` with `icon` (a Material symbol) in the colours of `tone`."""
    return format_html(
        '<span class="mf-badge mf-{}" title="{}"><span class="material-symbols-outlined" aria-hidden="true">{}</span>'
        "{}</span>",
        _TONES[tone],
        title,
        icon,
        word,
    )


def moment(value: datetime | None) -> SafeString | str:
    """Return how long ago or how far off `value` is, the exact time on hover."""
    if value is None:
        return NOTHING
    local = timezone.localtime(value)
    away = timezone.now() - value
    words = f"{span(away)} ago" if away >= timedelta(0) else f"in {span(-away)}"
    if abs(away) < timedelta(seconds=1):
        words = "now"
    return format_html(
        '<time datetime="{}" title="{}" class="whitespace-nowrap tabular-nums">{}</time>',
        local.isoformat(),
        local.strftime("%Y-%m-%d %H:%M:%S.%f %Z"),
        words,
    )


def span(length: timedelta) -> str:
    """Return a length of time in its two largest units: `5 min 7 s`."""
    seconds = int(length.total_seconds())
    for place, (size, unit) in enumerate(_UNITS):
        if seconds >= size or size == 1:
            rest = seconds % size
            smaller = _UNITS[place + 1] if place + 1 < len(_UNITS) else None
            tail = f" {rest // smaller[0]} {smaller[1]}" if smaller and rest // smaller[0] else ""
            return f"{seconds // size} {unit}{tail}"
    return NOTHING


def duration(milliseconds: int | None) -> str:
    """Return a duration as `38 ms` or `1.4 s`."""
    if milliseconds is None:
        return NOTHING
    return f"{milliseconds} ms" if milliseconds < 1000 else f"{milliseconds / 1000:.1f} s"


def endpoint_state(endpoint: Endpoint) -> SafeString:
    """Return whether callbacks go there, and where not, why."""
    if endpoint.disabled_at is not None:
        return badge("disabled", icon="block", tone="bad", title=endpoint.disabled_reason)
    if endpoint.verified_at is None:
        return badge("not verified", icon="help", tone="wait", title=endpoint.verify_error)
    if endpoint.failing_since is not None:
        return badge("failing", icon="warning", tone="bad", title="The last attempt failed.")
    return badge("healthy", icon="check_circle", tone="good")


def candidate(endpoint: Endpoint) -> SafeString | str:
    """Return the URL that is to take the place of the one in use, on a line of its own."""
    if not endpoint.candidate_url:
        return ""
    return format_html(
        '<br><span class="mf-sub" title="{}">new, not verified: {}</span>',
        endpoint.verify_error,
        short_url(endpoint.candidate_url),
    )


def message_state(message: Message) -> SafeString:
    """Return where a message stands; one that waits behind its endpoint says so."""
    if message.state == Message.State.PENDING and not message.endpoint.is_deliverable:
        return badge("held", icon="pause_circle", tone="plain", title="Its URL is not verified, or is disabled.")
    icon, tone = _MESSAGE_STATES[Message.State(message.state)]
    return badge(message.state, icon=icon, tone=tone, title=message.error)


def attempt_outcome(attempt: Attempt) -> SafeString:
    """Return the status of one attempt, or what came instead of one."""
    if attempt.ended_at is None:
        return badge("on its way", icon="sync", tone="busy")
    if attempt.succeeded:
        return badge(str(attempt.status), icon="check_circle", tone="good")
    if attempt.status is not None:
        return badge(str(attempt.status), icon="error", tone="bad")
    return badge("no answer", icon="error", tone="bad", title=attempt.error)


def boxed(text: str, *, copy: str = "") -> SafeString | str:
    """Return `text` in a block that scrolls sideways; with a button that copies it where `copy` labels one."""
    if not text:
        return NOTHING
    button = (
        format_html(
            '<button type="button" data-copy class="bg-white border border-base-200 cursor-pointer font-medium px-3'
            ' py-1.5 rounded-default shadow-xs mt-2 dark:bg-transparent dark:border-base-700">{}</button>',
            copy,
        )
        if copy
        else ""
    )
    return format_html(
        '<div><pre class="font-mono text-xs leading-5 max-w-full overflow-x-auto whitespace-pre-wrap break-all'
        ' rounded-default border border-base-200 p-3 dark:border-base-700">{}</pre>{}</div>',
        text,
        button,
    )


def head(headers: dict[str, str]) -> SafeString | str:
    """Return a request's or a response's head, a line each."""
    return boxed("\n".join(f"{name}: {value}" for name, value in headers.items()))


def pretty_json(text: str) -> SafeString | str:
    """Return JSON indented; text that is none as it is. Lone surrogates, which no page can hold, are replaced."""
    with contextlib.suppress(ValueError, RecursionError):
        text = json.dumps(json.loads(text), indent=2, ensure_ascii=False)
    return boxed(text.encode("utf-8", "replace").decode("utf-8"))


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
    url = reverse(f"admin:webhooks_{obj._meta.model_name}_change", args=[obj.pk])  # noqa: SLF001
    return format_html(
        '<a href="{}" title="{}" class="text-primary-600 whitespace-nowrap dark:text-primary-500">{}</a>',
        url,
        title,
        text,
    )
