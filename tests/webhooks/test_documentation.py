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
from webhooks.models import Endpoint, Message
from webhooks.secret_box import new_secret
from webhooks.services import endpoint_secret, queue_messages, register_endpoint
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


@pytest.fixture(params=RECEIVERS)
def documented(request: pytest.FixtureRequest, tmp_path: Path, settings: Any) -> Iterator["Documented"]:
    """A receiver of docs/api.md in a process of its own, which callbacks may go to."""
    command, name = RECEIVERS[request.param]
    if shutil.which(command[0]) is None:
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)("node is missing: apt-get install nodejs")
    (tmp_path / name).write_text(example("api.md", request.param), encoding="utf-8")
    started = Documented(command=[*command, name], folder=tmp_path)
    settings.WEBHOOK_ALLOWED_PRIVATE_HOSTS = [f"127.0.0.1:{started.port}"]
    yield started
    started.process.kill()
    started.process.wait()


class Documented:
    """A receiver that is told its port and its secret by the environment, and prints what it took."""

    def __init__(self, *, command: list[str], folder: Path) -> None:
        self.port, self.secret, self.output = free_port(), new_secret(), folder / "printed"
        self.url = f"http://127.0.0.1:{self.port}/callbacks"
        with self.output.open("wb") as output:
            environment = os.environ | {"PORT": str(self.port), "SECRET": self.secret}
            self.process = subprocess.Popen(command, cwd=folder, env=environment, stdout=output)
        await_true(self._answers, within_s=STARTED_WITHIN_S)

    def _answers(self) -> bool:
        assert self.process.poll() is None
        try:
            return self.post(b'{"challenge": "abc", "type": "url_verification"}').json() == {"challenge": "abc"}
        except requests.ConnectionError:
            return False

    def post(self, body: bytes, headers: dict[str, str] | None = None) -> requests.Response:
        """Send it a body."""
        return requests.post(self.url, data=body, headers=headers, timeout=10)


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
