"""From a queued message to the received callback: the site's own receiver, over HTTP, by the real queue."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django_q.models import OrmQ

from tests.webhooks.conftest import CHECKED, TASK_ID
from webhooks.models import Endpoint, Message, Received, Refused
from webhooks.services import create_source, queue_messages, register_endpoint, sweep_due_messages
from webhooks.tasks import deliver_message

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]
ROOT = Path(__file__).parents[2]


@pytest.fixture
def own(account: User, live_server: Any, settings: Any) -> Endpoint:
    """The site's own receiver as the account's endpoint: one secret for both sides."""
    settings.WEBHOOK_ALLOWED_PRIVATE_HOSTS = [live_server.url.removeprefix("http://")]
    secret = create_source(slug="own")[1]
    return register_endpoint(owner=account, url=f"{live_server.url}/webhooks/incoming/own/", secret=secret)


def queued(account: User, key: str = "end") -> Message:
    (message,) = queue_messages(owner=account, event="check_is_same", event_key=key, subject=TASK_ID, body=CHECKED)
    return message


def test_a_callback_travels_to_the_sites_own_receiver(account: User, own: Endpoint) -> None:
    message = queued(account)
    deliver_message(message.pk)
    message.refresh_from_db()
    assert message.state == Message.State.DELIVERED
    received = Received.objects.get()
    assert json.loads(received.body) == CHECKED
    assert received.message_id == message.message_id
    assert (received.mippia_verified, received.standard_verified) == (True, True)
    assert not Refused.objects.exists()


def test_another_secret_is_refused_and_tried_again(account: User, own: Endpoint) -> None:
    message = queued(account)
    Endpoint.objects.update(sealed_secret=_other_secret())
    deliver_message(message.pk)
    message.refresh_from_db()
    assert message.state == Message.State.PENDING
    assert message.attempts.get().status == 401
    assert Refused.objects.get().reason == "signature"


def _other_secret() -> str:
    from webhooks.secret_box import new_secret, seal  # noqa: PLC0415

    return seal(new_secret())


@pytest.fixture
def cluster(tmp_path: Path) -> Any:
    """Start a real `qcluster` of the webhooks queue on the test's database; ends with the test."""
    started: list[subprocess.Popen[bytes]] = []

    def start(*, allowed: str) -> subprocess.Popen[bytes]:
        name = connection.settings_dict["NAME"]
        url = f"sqlite:///{name}"
        if connection.vendor == "postgresql":
            parts = connection.settings_dict
            url = f"postgres://{parts['USER']}:{parts['PASSWORD']}@{parts['HOST']}:{parts['PORT']}/{name}"
        from django.conf import settings  # noqa: PLC0415

        environment = os.environ | {
            "DATABASE_URL": url,
            "DATA_DIR": str(tmp_path),
            "SECRET_KEY": settings.SECRET_KEY,
            "SECRETS_KEY": settings.SECRETS_KEY,
            "WEBHOOK_ALLOWED_PRIVATE_HOSTS": allowed,
            "DJANGO_SETTINGS_MODULE": "fingerprint_site.settings",
        }
        command = [sys.executable, str(ROOT / "manage.py"), "qcluster", "-n", "webhooks"]
        environment["Q_CLUSTER_NAME"] = "webhooks"
        log = (tmp_path / "cluster.log").open("wb")
        process = subprocess.Popen(command, env=environment, stderr=log, stdout=log, start_new_session=True)
        log.close()
        started.append(process)
        return process

    yield start
    for process in started:
        process.terminate()  # the leader alone: a TERM to its workers would wedge it
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(10)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(5)


def until(held: Callable[[], bool], *, seconds: float = 30) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if held():
            return True
        time.sleep(0.1)
    return False


@pytest.mark.cluster
def test_a_real_cluster_delivers_and_retries(account: User, own: Endpoint, cluster: Any) -> None:
    """The first message fails at first (its secret is wrong) and arrives five seconds later, by the sweeper."""
    right = own.sealed_secret
    Endpoint.objects.update(sealed_secret=_other_secret())
    message = queued(account)
    assert OrmQ.objects.filter(key="webhooks").count() == 1
    cluster(allowed=own.url.split("/")[2])
    assert until(lambda: message.attempts.filter(status=401).exists())
    Endpoint.objects.update(sealed_secret=right)

    def delivered() -> bool:
        sweep_due_messages()
        message.refresh_from_db()
        return message.state == Message.State.DELIVERED

    assert until(delivered)
    first, second = message.attempts.all()
    assert 5 <= (second.started_at - first.started_at).total_seconds() < 9
    assert Received.objects.get().times_seen == 1
