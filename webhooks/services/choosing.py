"""An account's choices for a callback URL, checked and stored: the same for pages, API and commands."""

from collections.abc import Mapping
from typing import Any

from webhooks.choices import BodyFormat, Scheme
from webhooks.contract import Event
from webhooks.models import Endpoint
from webhooks.models.endpoint import MAX_DESCRIPTION_CHARACTERS, MAX_NAME_CHARACTERS
from webhooks.secret_box import SecretUnreadableError
from webhooks.services.custom_headers import HeadersInvalidError, check_headers, sealed, unmasked
from webhooks.storable import storable

__all__ = ["BodyFormat", "ChoicesInvalidError", "Scheme", "change_endpoint", "checked"]
Errors = dict[str, list[str]]


class ChoicesInvalidError(Exception):
    """Some choices cannot be stored; `errors` has the reasons by name."""

    def __init__(self, errors: Errors) -> None:
        super().__init__("; ".join(f"{name}: {texts[0]}" for name, texts in errors.items()))
        self.errors = errors


def checked(
    *,
    endpoint: Endpoint | None = None,
    name: str | None = None,
    description: str | None = None,
    events: list[str] | None = None,
    body_format: str | None = None,
    scheme: str | None = None,
    headers: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """Return the columns for the choices that are given (None: not chosen).

    A header of `endpoint` whose value is the mask keeps its value. Raises ChoicesInvalidError.
    """
    errors: Errors = {}
    _hold(errors, "name", name, lambda text: len(text) <= MAX_NAME_CHARACTERS, "This is too long.")
    _hold(errors, "description", description, lambda text: len(text) <= MAX_DESCRIPTION_CHARACTERS, "This is too long.")
    known = ", ".join(Event.values)
    _hold(errors, "events", events, lambda some: bool(some) and set(some) <= set(Event.values), f"Some of: {known}.")
    _hold(
        errors,
        "body_format",
        body_format,
        BodyFormat.values.__contains__,
        f"Choose one of: {', '.join(BodyFormat)}.",
    )
    _hold(errors, "signature", scheme, Scheme.values.__contains__, f"Choose one of: {', '.join(Scheme)}.")
    try:
        headers = unmasked(headers, endpoint)
        check_headers(headers or {})
    except (HeadersInvalidError, SecretUnreadableError) as error:
        errors["headers"] = [str(error)]
    if errors:
        raise ChoicesInvalidError(errors)
    chosen = {
        "name": None if name is None else storable(name.strip()),
        "description": None if description is None else storable(description.strip()),
        "events": None if events is None else [event for event in Event.values if event in events],
        "body_format": body_format,
        "scheme": scheme,
        "sealed_headers": None if headers is None else sealed(headers),
    }
    return {column: value for column, value in chosen.items() if value is not None}


def change_endpoint(*, endpoint: Endpoint, **choices: Any) -> Endpoint:
    """Store all the choices that are given, or none, and return the endpoint. Raises ChoicesInvalidError."""
    columns = checked(endpoint=endpoint, **choices)
    if columns:
        Endpoint.objects.filter(pk=endpoint.pk).update(**columns)
        endpoint.refresh_from_db()
    return endpoint


def _hold(errors: Errors, name: str, value: Any, is_right: Any, problem: str) -> None:
    if value is not None and not is_right(value):
        errors[name] = [problem]
