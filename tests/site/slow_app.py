"""A small application behind the site's own worker class with short limits, for the test of slow senders."""

from collections.abc import Callable
from typing import Any

from fingerprint_site.running.web_worker import GuardedWorker


class QuickWorker(GuardedWorker):
    """The worker, less patient."""

    head_s = 1.0
    body_s = 1.0
    slowest_bytes_per_s = 1_000


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
    """Read the body, unless it is sent to `/unread`, and say how long it was."""
    body = b"" if environ["PATH_INFO"] == "/unread" else environ["wsgi.input"].read()
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [str(len(body)).encode()]
