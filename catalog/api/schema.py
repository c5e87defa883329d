"""What the OpenAPI schema must be told beyond the views: the key, and what every call shares."""

from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiParameter

from catalog.api.idempotency import HEADER, MOST_CHARACTERS, REPLAYED

_NUMBER = {"type": "integer"}
_RATE_HEADERS = {
    "X-RateLimit-Limit": {"description": "Calls a minute that the key may make; 0 without a key", "schema": _NUMBER},
    "X-RateLimit-Remaining": {"description": "Calls left in this minute", "schema": _NUMBER},
    "X-RateLimit-Reset": {"description": "Unix time at which the next minute begins", "schema": _NUMBER},
}
_OTHER_HEADERS = {
    "Retry-After": {"description": "Seconds until the same call may succeed", "schema": _NUMBER},
    REPLAYED: {
        "description": "`true`: this answers a call that was made before with the same key",
        "schema": {"type": "string"},
    },
}
_WAITS = {"409", "423", "429", "503"}


class ApiKeyScheme(OpenApiAuthenticationExtension):
    """The bearer key in the OpenAPI schema."""

    target_class = "catalog.api.authentication.ApiKeyAuthentication"
    name = "apiKey"

    def get_security_definition(self, auto_schema: object) -> dict[str, str]:  # noqa: ARG002
        """Return the schema's words for a bearer key."""
        return {"type": "http", "scheme": "bearer"}


class CallSchema(AutoSchema):
    """Calls that may be repeated say so."""

    def get_override_parameters(self) -> list[Any]:
        """Add the header of the key."""
        handler = getattr(self.view, self.method.lower(), None)
        if not getattr(handler, "takes_idempotency_key", False):
            return []
        words = "A text that the client chooses, new for each request. A call repeated with it is done only once."
        text = {"type": "string", "pattern": f"^[!-~]{{1,{MOST_CHARACTERS}}}$"}
        return [OpenApiParameter(HEADER, text, OpenApiParameter.HEADER, description=words)]


def say_what_every_call_shares(result: dict[str, Any], request: HttpRequest | None, **_: Any) -> dict[str, Any]:
    """Add the server, and the headers of every answer."""
    base = request.build_absolute_uri("/") if request else f"{settings.PUBLIC_URL}/"
    result["servers"] = [{"url": base.rstrip("/")}]
    result["components"]["headers"] = _RATE_HEADERS | _OTHER_HEADERS
    for method, call in _calls(result):
        if "requestBody" in call:
            call["requestBody"]["required"] = True
        for status, response in call["responses"].items():
            names = [*_RATE_HEADERS]
            names += ["Retry-After"] if status in _WAITS else []
            names += [REPLAYED] if status == "200" and method == "post" else []
            response["headers"] = {name: {"$ref": f"#/components/headers/{name}"} for name in names}
    return result


def _calls(result: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path in result["paths"].values():
        yield from path.items()
