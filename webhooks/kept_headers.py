"""The heads of requests and responses, as history keeps them and staff read them."""

from collections.abc import Iterable

from staff.secret_names import names_a_secret
from webhooks.storable import storable

MASK = "••••••"
KEPT_HEADERS = 50
KEPT_HEADER_CHARACTERS = 500


def kept_headers(head: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Return the first headers, cut to length; the values of those that carry credentials are left out."""
    return {_kept(name): MASK if names_a_secret(name) else _kept(value) for name, value in list(head)[:KEPT_HEADERS]}


def _kept(text: str) -> str:
    return storable(text)[:KEPT_HEADER_CHARACTERS]
