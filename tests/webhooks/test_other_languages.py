"""Real callbacks checked by the libraries of npm, `svix` and `standardwebhooks`, and by Node's own Ed25519.

They need Node.js and the packages of tests/node: `make node`.
"""

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.webhooks.conftest import CHECKED
from tests.webhooks.receiver import Receiver, Request
from webhooks.models import Endpoint, Message
from webhooks.services import change_endpoint, endpoint_secret, public_keys, rotate_secret, verify_endpoint
from webhooks.tasks import deliver_message

NODE = Path(__file__).parents[1] / "node"
LIBRARIES = ["svix", "standardwebhooks"]
Send = Callable[..., Message]
pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def packages() -> None:
    """Skip where Node.js or its packages are missing; a run that is to test everything fails."""
    missing = "" if shutil.which("node") else "Node.js is missing (apt install nodejs)"
    if not missing and not (NODE / "node_modules" / "svix").is_dir():
        missing = "the packages of tests/node are missing (make node)"
    if missing:
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(missing)


def checked(library: str, secret: str, request: Request, *, body: bytes | None = None) -> Any:
    """Return what a library says of a callback: `{"body": …}` or `{"error": …}`."""
    text = (request.body if body is None else body).decode()
    question = {"library": library, "secret": secret, "headers": request.headers, "body": text}
    given = json.dumps(question)
    answer = subprocess.run(
        ["node", "verify.cjs"], cwd=NODE, input=given, capture_output=True, text=True, check=True, timeout=60
    )
    return json.loads(answer.stdout)


def delivered(send: Send, receiver: Receiver) -> Request:
    """Deliver a callback, and return it as it came."""
    deliver_message(send(body=CHECKED | {"completed_at": "2026-04-02T14:54:14.859289"}).pk)
    return receiver.callbacks[-1]


@pytest.mark.parametrize("library", LIBRARIES)
def test_a_library_takes_a_callback_and_no_other(
    library: str, send: Send, endpoint: Endpoint, receiver: Receiver
) -> None:
    secret, request = endpoint_secret(endpoint=endpoint), delivered(send, receiver)
    assert checked(library, secret, request) == {"body": CHECKED}
    assert "error" in checked(library, secret, request, body=request.body.replace(b"true", b"false"))
    assert "error" in checked(library, "whsec_" + "b3RoZXJzZWNyZXRvdGhlcnNlY3JldA==", request)


@pytest.mark.parametrize("library", LIBRARIES)
def test_a_library_takes_titles_of_every_script(
    library: str, send: Send, endpoint: Endpoint, receiver: Receiver
) -> None:
    body = CHECKED | {"result": CHECKED["result"] | {"matched_musicname": "Ünïcode 🎵 音楽 \u2028"}}
    deliver_message(send(body=body).pk)
    assert checked(library, endpoint_secret(endpoint=endpoint), receiver.callbacks[-1]) == {"body": body}


@pytest.mark.parametrize("library", LIBRARIES)
def test_a_library_takes_either_secret_in_the_overlap(
    library: str, send: Send, endpoint: Endpoint, receiver: Receiver
) -> None:
    old = endpoint_secret(endpoint=endpoint)
    new = rotate_secret(endpoint=endpoint)
    request = delivered(send, receiver)
    assert [checked(library, secret, request) for secret in (old, new)] == [{"body": CHECKED}] * 2


@pytest.mark.parametrize("library", LIBRARIES)
def test_a_library_takes_the_challenge(library: str, endpoint: Endpoint, receiver: Receiver) -> None:
    verify_endpoint(endpoint=endpoint)
    request = receiver.requests[-1]
    assert checked(library, endpoint_secret(endpoint=endpoint), request) == {"body": request.json}


def test_nodes_own_ed25519_takes_a_callback_by_the_public_key(
    send: Send, endpoint: Endpoint, receiver: Receiver
) -> None:
    change_endpoint(endpoint=endpoint, scheme="ed25519")
    (old,) = public_keys(endpoint)
    rotate_secret(endpoint=endpoint)
    request = delivered(send, receiver)
    for key in public_keys(endpoint):
        assert checked("node:crypto", key, request) == {"body": CHECKED}
    assert "error" in checked("node:crypto", old, request, body=request.body + b" ")
    # These releases know v1 alone: the day that they take v1a, docs/receiving.md can say so.
    assert [checked(library, endpoint_secret(endpoint=endpoint), request) for library in LIBRARIES] == [
        {"error": "No matching signature found"}
    ] * 2
