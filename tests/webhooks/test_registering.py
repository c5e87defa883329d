"""Registration: the challenge, and each way of not answering it."""

import json
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from standardwebhooks import Webhook

from tests.webhooks.conftest import CHECKED, TASK_ID
from tests.webhooks.receiver import Receiver, drip, reply
from webhooks.models import Endpoint
from webhooks.services import (
    VerificationFailedError,
    endpoint_secret,
    queue_messages,
    register_endpoint,
    rotate_secret,
    verify_endpoint,
)


def test_an_answered_challenge_verifies(account: User, receiver: Receiver) -> None:
    endpoint = register_endpoint(owner=account, url=receiver.url)
    (request,) = receiver.requests
    assert request.json.keys() == {"challenge", "type"}
    assert request.json["type"] == "url_verification"
    assert endpoint.is_deliverable
    assert endpoint.verify_error == ""


def test_the_challenge_is_signed_and_names_host_and_port(endpoint: Endpoint, receiver: Receiver) -> None:
    request = receiver.requests[0]
    assert Webhook(endpoint_secret(endpoint=endpoint)).verify(request.body, request.headers) == request.json
    assert request.headers["host"] == receiver.host


@pytest.mark.parametrize(
    ("behaviour", "reason"),
    [
        (reply(200, b'{"challenge": "another"}'), "did not send the challenge back"),
        (reply(200, b'{"challenge": 5}'), "did not send the challenge back"),
        (reply(200, b"[]"), "did not send the challenge back"),
        (reply(200, b"[" * 4000), "did not send the challenge back"),
        (reply(200, b"\xff\xfe"), "did not send the challenge back"),
        (reply(204), "status 204"),
        (reply(302, b"", Location="/elsewhere"), "status 302"),
        (reply(500), "status 500"),
    ],
)
def test_other_answers_leave_it_stored_and_unverified(
    account: User, receiver: Receiver, behaviour: Any, reason: str
) -> None:
    receiver.behaviour = behaviour
    with pytest.raises(VerificationFailedError, match=reason):
        register_endpoint(owner=account, url=receiver.url)
    endpoint = Endpoint.objects.get(owner=account)
    assert endpoint.verified_at is None
    assert reason in endpoint.verify_error
    assert len(receiver.requests) == 1


@pytest.mark.slow
def test_a_slow_answer_ends_in_time(account: User, receiver: Receiver, settings: Any) -> None:
    settings.WEBHOOK_TIMEOUT_SECONDS = 0.5
    receiver.behaviour = drip(b"HTTP/1.1 200 OK\r\nX-Slow: ", every_s=0.1)
    with pytest.raises(VerificationFailedError, match=r"within 0\.5 s"):
        register_endpoint(owner=account, url=receiver.url)


def test_nobody_there(account: User, settings: Any) -> None:
    settings.WEBHOOK_ALLOWED_PRIVATE_HOSTS = ["127.0.0.1:9"]
    with pytest.raises(VerificationFailedError, match="The receiver refused the connection"):
        register_endpoint(owner=account, url="http://127.0.0.1:9/")


def test_nothing_is_queued_without_an_endpoint(account: User) -> None:
    assert queue_messages(owner=account, event="check_is_same", event_key="k", subject=TASK_ID, body=CHECKED) == []


def test_a_changed_url_keeps_the_secret(endpoint: Endpoint, receiver: Receiver) -> None:
    before = endpoint_secret(endpoint=endpoint)
    changed = register_endpoint(owner=endpoint.owner, url=receiver.url + "2")
    assert endpoint_secret(endpoint=changed) == before


def test_an_answer_for_a_url_changed_meanwhile_does_not_count(endpoint: Endpoint, receiver: Receiver) -> None:
    """The URL is changed between the challenge and its answer: the answer was for another one."""
    stale = Endpoint.objects.get(pk=endpoint.pk)
    Endpoint.objects.filter(pk=endpoint.pk).update(url="http://example.org/", verified_at=None)
    with pytest.raises(VerificationFailedError, match="changed during the challenge"):
        verify_endpoint(endpoint=stale)
    endpoint.refresh_from_db()
    assert endpoint.verified_at is None


def test_the_secret_is_encrypted_at_rest(endpoint: Endpoint) -> None:
    secret = endpoint_secret(endpoint=endpoint)
    assert secret.startswith("whsec_")
    assert secret not in endpoint.sealed_secret
    rotated = rotate_secret(endpoint=endpoint)
    assert endpoint_secret(endpoint=endpoint) == rotated != secret


def test_the_command_registers_and_shows_the_secret(account: User, receiver: Receiver, capsys: Any) -> None:
    call_command("set_callback_url", account.username, receiver.url, show_secret=True)
    lines = capsys.readouterr().out.splitlines()
    assert lines[-1] == endpoint_secret(endpoint=Endpoint.objects.get(owner=account))


def test_the_command_says_what_went_wrong(account: User, receiver: Receiver) -> None:
    with pytest.raises(CommandError, match="no account 'nobody'"):
        call_command("set_callback_url", "nobody", receiver.url)
    receiver.behaviour = reply(200, json.dumps({"challenge": "x"}).encode())
    with pytest.raises(CommandError, match="not verified"):
        call_command("set_callback_url", account.username, receiver.url)
