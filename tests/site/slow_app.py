"""A small application for the site's own worker class, for tests of clients that misbehave."""

import time
from collections.abc import Callable, Generator
from typing import Any

from catalog.api.holding import HELD, WAITED, WAITS


class Wait:
    """A minute in which nothing happens."""

    def __init__(self) -> None:
        self.ends_s = time.monotonic() + 60

    def happened(self, _waits: Any) -> dict[Any, Any]:
        """Tell of nothing."""
        return {}


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Generator[bytes, None, None]:
    """Say how long the body was, which `/unread` does not read; `/wait` is held, and `/held` says how many are."""
    path = environ["PATH_INFO"]
    if path == "/wait" and not environ[WAITED]:
        environ[WAITS] = Wait()
    body = b"" if path == "/unread" else environ["wsgi.input"].read()
    start_response("200 OK", [("Content-Type", "text/plain")])
    answer = str(len(environ[HELD]) if path == "/held" else len(body)).encode()
    return (piece for piece in [answer])  # like Django's, it can be closed
