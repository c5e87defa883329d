"""The head of a request or an answer from outside, as history keeps it and staff read it."""

from collections.abc import Iterable

from staff.secret_names import names_a_secret
from webhooks.storable import storable

MASK = "••••••"
KEPT_HEADERS = 50
KEPT_HEADER_CHARACTERS = 500


def kept_headers(head: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Return the first headers, cut, and without the values of those that carry credentials."""
    return {_kept(name): MASK if names_a_secret(name) else _kept(value) for name, value in list(head)[:KEPT_HEADERS]}


def _kept(text: str) -> str:
    return storable(text)[:KEPT_HEADER_CHARACTERS]
