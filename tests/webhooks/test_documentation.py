"""The receivers in the documentation, run as they stand on callbacks that really travel."""

import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from django.contrib.auth.models import User

from tests.site.running import await_true, free_port
from tests.webhooks.conftest import CHECKED, TASK_ID
from tests.webhooks.receiver import Receiver
from tests.webhooks.signed import both
from webhooks.models import Attempt, Endpoint, Message
from webhooks.secret_box import new_secret
from webhooks.services import (
    add_endpoint,
    endpoint_secret,
    move_endpoint,
    public_keys,
    queue_messages,
    register_endpoint,
    verify_endpoint,
)
from webhooks.tasks import deliver_message

DOCS = Path(__file__).parents[2] / "docs"
RECEIVERS = {"python": ([sys.executable], "receiver.py"), "javascript": (["node"], "receiver.mjs")}
STARTED_WITHIN_S = 30.0


def example(page: str, language: str) -> str:
    """Return the page's one example in a language."""
    (found,) = re.findall(rf"```{language}\n(.*?)```", (DOCS / page).read_text(encoding="utf-8"), flags=re.DOTALL)
    return str(found)


def test_the_check_of_both_signatures(send: Callable[..., Message], endpoint: Endpoint, receiver: Receiver) -> None:
    code = example("callbacks.md", "python")
    deliver_message(send().pk)
    (request,) = receiver.callbacks
    secret = endpoint_secret(endpoint=endpoint)
    names = {"secret": secret, "request_body": request.body, "headers": request.headers}
    exec(code, names)  # noqa: S102
    assert names["body"] == CHECKED

    names["headers"] = request.headers | {"x-mippia-signature": "0" * 64}
    with pytest.raises(AssertionError):
        exec(code, names)  # noqa: S102


def started(page: str, language: str, folder: Path, settings: Any, **environment: str) -> "Documented":
    """Start a page's receiver in a process of its own, which callbacks may go to."""
    command, name = RECEIVERS[language]
    if shutil.which(command[0]) is None:
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)("node is missing: apt-get install nodejs")
    (folder / name).write_text(example(page, language), encoding="utf-8")
    receiver = Documented(command=[*command, name], folder=folder, **environment)
    settings.WEBHOOK_ALLOWED_PRIVATE_HOSTS = [f"127.0.0.1:{receiver.port}"]
    return receiver


@pytest.fixture(params=RECEIVERS)
def documented(request: pytest.FixtureRequest, tmp_path: Path, settings: Any) -> Iterator["Documented"]:
    """A receiver of docs/receivers.md."""
    receiver = started("receivers.md", request.param, tmp_path, settings)
    yield receiver
    receiver.stop()


class Documented:
    """A receiver that is told its port and its secret by the environment, and prints what it took."""

    def __init__(self, *, command: list[str], folder: Path, **environment: str) -> None:
        self.port, self.secret, self.output = free_port(), new_secret(), folder / "printed"
        self.url = f"http://127.0.0.1:{self.port}/callbacks"
        with self.output.open("wb") as output:
            told = os.environ | {"PORT": str(self.port), "SECRET": self.secret} | environment
            self.process = subprocess.Popen(command, cwd=folder, env=told, stdout=output)
        await_true(self._answers, within_s=STARTED_WITHIN_S)

    def _answers(self) -> bool:
        assert self.process.poll() is None
        try:
            return self.post(b'{"challenge": "abc", "type": "url_verification"}').json() == {"challenge": "abc"}
        except requests.ConnectionError:
            return False

    def stop(self) -> None:
        """End it."""
        self.process.kill()
        self.process.wait()

    def post(self, body: bytes, headers: dict[str, str] | None = None) -> requests.Response:
        """Send it a body."""
        return requests.post(self.url, data=body, headers=headers, timeout=10)


@pytest.mark.slow
def test_a_receiver_takes_a_callback_once_and_refuses_others(documented: Documented, account: User) -> None:
    endpoint = register_endpoint(owner=account, url=documented.url, secret=documented.secret)
    assert endpoint.verified_at is not None

    (message,) = queue_messages(owner=account, event="check_is_same", event_key="end", subject=TASK_ID, body=CHECKED)
    deliver_message(message.pk)
    message.refresh_from_db()
    assert message.state == Message.State.DELIVERED

    body = message.body.encode()
    again = both(documented.secret, TASK_ID, body, message_id=message.message_id)
    assert documented.post(body, again).status_code == 200
    assert documented.post(body.replace(b"true", b"false"), again).status_code == 401
    assert documented.post(body).status_code == 401
    old = both(documented.secret, TASK_ID, body, message_id="msg_old", at=time.time() - 400)
    assert documented.post(body, old).status_code == 401
    assert documented.output.read_text(encoding="utf-8") == f"ended: {TASK_ID} success\n"


@pytest.mark.slow
@pytest.mark.parametrize("language", RECEIVERS)
def test_a_receiver_with_a_public_key_takes_a_callback_once_and_refuses_others(
    account: User, tmp_path: Path, settings: Any, language: str
) -> None:
    endpoint = add_endpoint(owner=account, url="http://127.0.0.1:1/", scheme="ed25519")
    receiver = started("receiving.md", language, tmp_path, settings, PUBLIC_KEY=public_keys(endpoint)[0])
    try:
        verify_endpoint(endpoint=move_endpoint(endpoint=endpoint, url=receiver.url))
        (message,) = queue_messages(owner=account, event="check_is_same", event_key="k", subject=TASK_ID, body=CHECKED)
        deliver_message(message.pk)
        message.refresh_from_db()
        assert message.state == Message.State.DELIVERED
        head, body = Attempt.objects.get().request_headers, message.body.encode()
        assert receiver.post(body, head).status_code == 200
        assert receiver.post(body.replace(b"true", b"false"), head).status_code == 401
        assert receiver.post(body).status_code == 401
        assert receiver.post(body, head | {"webhook-timestamp": str(int(time.time()) - 400)}).status_code == 401
        by_secret = both(endpoint_secret(endpoint=endpoint), TASK_ID, body)
        assert receiver.post(body, by_secret).status_code == 401, "whoever knows the secret cannot sign"
        assert receiver.output.read_text(encoding="utf-8") == f"ended: {TASK_ID} success\n"
    finally:
        receiver.stop()
