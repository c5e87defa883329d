"""Headers that an account adds to its callbacks, such as a gateway's key: encrypted at rest, masked on pages."""

import json
import re
from collections.abc import Mapping

from django.conf import settings

from webhooks.kept_headers import MASK
from webhooks.models import Endpoint
from webhooks.secret_box import seal, unseal

MAX_NAME_CHARACTERS = 100
MAX_VALUE_CHARACTERS = 2000
_SHORTEST_HIDDEN = 4  # what is shorter is found in any text, and guards nothing
_SHORTEST_CUT = 8
_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+", re.ASCII)  # RFC 9110's token
_VALUE = re.compile(r"[\x21-\x7e](?:[\t\x20-\x7e]*[\x21-\x7e])?", re.ASCII)
# What a connection says of itself (RFC 9110, 7.6.1), and what the sender says of its own request.
_HOP_BY_HOP = {
    *("connection", "keep-alive", "proxy-connection", "proxy-authenticate", "proxy-authorization"),
    *("te", "trailer", "transfer-encoding", "upgrade"),
}
_SENDERS_OWN = {"host", "content-length", "content-type", "content-encoding", "expect", "user-agent", "accept"}
_SIGNATURES = ("webhook-", "x-mippia-", "svix-")


class HeadersInvalidError(Exception):
    """These headers cannot be sent; the message says which and why, for a person."""


def check_headers(headers: Mapping[str, str]) -> None:
    """Raise HeadersInvalidError for headers that cannot be sent, or that an account may not set."""
    if len(headers) > settings.WEBHOOK_MAX_HEADERS:
        raise HeadersInvalidError(f"There are {len(headers)} headers; the limit is {settings.WEBHOOK_MAX_HEADERS}.")
    lowered = [name.lower() for name in headers]
    for name, value in headers.items():
        if problem := _problem(name, value):
            raise HeadersInvalidError(problem)
        if lowered.count(name.lower()) > 1:
            raise HeadersInvalidError(f"The header {name} is given twice.")


def _problem(name: str, value: str) -> str:
    low = name.lower()
    if len(name) > MAX_NAME_CHARACTERS or not _NAME.fullmatch(name):
        return f"{name[:MAX_NAME_CHARACTERS]!r} is not the name of a header."
    if low in _HOP_BY_HOP:
        return f"The header {name} belongs to the connection and cannot be set."
    if low in _SENDERS_OWN or low.startswith(_SIGNATURES):
        return f"The service sets the header {name} itself."
    if len(value) > MAX_VALUE_CHARACTERS or not _VALUE.fullmatch(value):
        return f"The value of {name} must be 1 to {MAX_VALUE_CHARACTERS} printable ASCII characters."
    return ""


def sealed(headers: Mapping[str, str]) -> str:
    """Return headers encrypted, as text for the column; empty if there are none."""
    return seal(json.dumps(dict(headers))) if headers else ""


def headers_of(endpoint: Endpoint) -> dict[str, str]:
    """Return a URL's own headers. Raises SecretUnreadableError."""
    opened: dict[str, str] = json.loads(unseal(endpoint.sealed_headers)) if endpoint.sealed_headers else {}
    return opened


def masked(headers: Mapping[str, str]) -> dict[str, str]:
    """Return the headers for history and pages: names with masked values."""
    return dict.fromkeys(headers, MASK)


def unmasked(headers: Mapping[str, str] | None, endpoint: Endpoint | None) -> dict[str, str] | None:
    """Return the headers, each masked value replaced by the one that `endpoint` has."""
    if headers is None:
        return None
    known = headers_of(endpoint) if endpoint and MASK in headers.values() else {}
    return {name: known.get(name, value) if value == MASK else value for name, value in headers.items()}


def hidden(text: str, headers: Mapping[str, str]) -> str:
    """Return `text` without the values of `headers`: a receiver may echo what it was sent.

    If `text` ends in the middle of a value, that beginning is removed too.
    """
    words = {word for value in headers.values() for word in (value, value.split(" ")[-1])}
    for word in sorted(words, key=len, reverse=True):
        if len(word) >= _SHORTEST_HIDDEN:
            text = _without_cut(text.replace(word, MASK), word)
    return text


def _without_cut(text: str, word: str) -> str:
    for length in range(len(word) - 1, _SHORTEST_CUT - 1, -1):
        if text.endswith(word[:length]):
            return text[:-length] + MASK
    return text
