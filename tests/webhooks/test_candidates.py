"""URLs that have not answered their challenge: callbacks wait for them, and a URL that works goes on working."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.utils import timezone
from django_q.models import OrmQ
from standardwebhooks import Webhook

from tests.webhooks.conftest import CHECKED, TASK_ID
from tests.webhooks.receiver import Behaviour, Receiver, Request, reply
from webhooks.models import Endpoint, Message
from webhooks.services import (
    VerificationFailedError,
    count_failed,
    disable_endpoint,
    endpoint_secret,
    queue_messages,
    recover_failed,
    register_endpoint,
    rotate_secret,
    store_endpoint,
    sweep_due_messages,
    verify_endpoint,
)
from webhooks.services.delivery import claim_message, record_answer
from webhooks.services.history import count_failing_endpoints, count_lost_callbacks
from webhooks.tasks import deliver_message
from webhooks.transport import Answer

Send = Callable[..., Message]
SCHEDULE_LENGTH = timedelta(hours=24)
OTHER_SECRET = "whsec_" + "b3RoZXJzZWNyZXRvdGhlcnNlY3JldA=="
THIRD_SECRET = "whsec_" + "dGhpcmRzZWNyZXR0aGlyZHNlY3JldA=="


def only_at(path: str) -> Behaviour:
    """Answer as a good receiver at `path`, and 500 elsewhere."""

    def behave(request: Request, handler: Any) -> None:
        if request.path != path:
            return reply(500)(request, handler)
        return reply(200, request.body)(request, handler)

    return behave


@pytest.fixture
def unverified(account: User, receiver: Receiver) -> Endpoint:
    """The account's endpoint, whose URL did not answer."""
    receiver.behaviour = reply(500)
    with pytest.raises(VerificationFailedError):
        register_endpoint(owner=account, url=receiver.url)
    receiver.behaviour = None
    return Endpoint.objects.get(owner=account)


def ended(account: User, key: str = "end") -> Message:
    """Make the message of a task that ended."""
    (message,) = queue_messages(owner=account, event="check_is_same", event_key=key, subject=TASK_ID, body=CHECKED)
    return message


def test_callback_for_an_unverified_url_waits_until_it_is_verified(
    account: User, unverified: Endpoint, receiver: Receiver
) -> None:
    message = ended(account)
    assert message.state == Message.State.PENDING
    assert not OrmQ.objects.exists()
    assert sweep_due_messages() == 0
    assert not deliver_message(message.pk)
    assert receiver.callbacks == [], "nothing is delivered to a URL that has not answered"
    verify_endpoint(endpoint=unverified)
    assert sweep_due_messages() == 1
    assert deliver_message(message.pk)
    assert [request.json for request in receiver.callbacks] == [CHECKED]


def test_waiting_callback_has_its_whole_schedule_once_the_url_is_verified(
    account: User, unverified: Endpoint, receiver: Receiver
) -> None:
    message = ended(account)
    late = timezone.now() + SCHEDULE_LENGTH - timedelta(minutes=1)
    sweep_due_messages(now=late)
    verify_endpoint(endpoint=unverified)
    claim = claim_message(message_pk=message.pk, now=late)
    assert claim is not None
    record_answer(claim=claim, answer=Answer(status=500), now=late)
    message.refresh_from_db()
    assert message.state == Message.State.PENDING
    assert message.next_attempt_at - late < timedelta(seconds=6)


def test_waiting_callback_fails_at_the_end_of_the_schedule_and_can_be_recovered(
    account: User, unverified: Endpoint, receiver: Receiver
) -> None:
    began = timezone.now()
    message = ended(account)
    sweep_due_messages(now=began + SCHEDULE_LENGTH - timedelta(seconds=1))
    message.refresh_from_db()
    assert message.state == Message.State.PENDING
    assert count_failed(endpoint=unverified, since=began) == 0
    sweep_due_messages(now=timezone.now() + SCHEDULE_LENGTH)
    message.refresh_from_db()
    assert message.state == Message.State.FAILED
    assert "verified" in message.error
    assert count_failed(endpoint=unverified, since=began) == 1
    verify_endpoint(endpoint=unverified)
    assert recover_failed(endpoint=unverified, since=began) == 1
    assert sweep_due_messages() == 1
    assert deliver_message(message.pk)
    assert len(receiver.callbacks) == 1


def test_waiting_callback_of_a_url_that_is_turned_off_fails_at_once(account: User, unverified: Endpoint) -> None:
    before = ended(account, "before")
    disable_endpoint(endpoint=unverified, reason="Off.", now=timezone.now())
    before.refresh_from_db()
    assert (before.state, ended(account, "after").state) == (Message.State.FAILED, Message.State.FAILED)


def test_new_url_is_a_candidate_beside_the_one_that_works(
    send: Send, account: User, endpoint: Endpoint, receiver: Receiver
) -> None:
    receiver.behaviour = only_at("/hook")
    with pytest.raises(VerificationFailedError, match="status 500"):
        register_endpoint(owner=account, url=receiver.url + "2")
    endpoint.refresh_from_db()
    assert (endpoint.url, endpoint.candidate_url) == (receiver.url, receiver.url + "2")
    assert endpoint.is_deliverable
    assert "status 500" in endpoint.verify_error
    assert deliver_message(send("meanwhile").pk)
    assert [request.path for request in receiver.callbacks] == ["/hook"]

    waiting = send("waiting")
    receiver.behaviour = only_at("/hook2")
    verify_endpoint(endpoint=endpoint)
    assert (endpoint.url, endpoint.candidate_url, endpoint.verify_error) == (receiver.url + "2", "", "")
    assert deliver_message(waiting.pk)
    assert [request.path for request in receiver.callbacks] == ["/hook", "/hook2"]


def test_challenge_that_fails_does_not_unverify_a_url_that_works(
    send: Send, endpoint: Endpoint, receiver: Receiver
) -> None:
    receiver.behaviour = reply(500)
    verified_at = endpoint.verified_at
    with pytest.raises(VerificationFailedError, match="status 500"):
        verify_endpoint(endpoint=endpoint)
    endpoint.refresh_from_db()
    assert endpoint.verified_at == verified_at
    assert "status 500" in endpoint.verify_error
    receiver.behaviour = None
    assert deliver_message(send().pk)


def test_challenge_that_fails_does_not_enable_a_url_that_was_turned_off(endpoint: Endpoint, receiver: Receiver) -> None:
    disable_endpoint(endpoint=endpoint, reason="Off.", now=timezone.now())
    receiver.behaviour = reply(500)
    with pytest.raises(VerificationFailedError):
        verify_endpoint(endpoint=endpoint)
    endpoint.refresh_from_db()
    assert endpoint.disabled_at is not None
    receiver.behaviour = only_at("/hook2")
    verify_endpoint(endpoint=store_endpoint(owner=endpoint.owner, url=receiver.url + "2"))
    endpoint.refresh_from_db()
    assert endpoint.is_deliverable
    assert endpoint.url == receiver.url + "2"


def test_unverified_url_is_replaced_at_once(account: User, unverified: Endpoint, receiver: Receiver) -> None:
    """There is nothing that works to keep; what waited goes to the URL that answers."""
    message = ended(account)
    receiver.behaviour = only_at("/hook2")
    changed = register_endpoint(owner=account, url=receiver.url + "2")
    assert (changed.url, changed.candidate_url) == (receiver.url + "2", "")
    assert deliver_message(message.pk)
    assert [request.path for request in receiver.callbacks] == ["/hook2"]


def test_saving_the_url_that_works_withdraws_the_candidate(endpoint: Endpoint, receiver: Receiver) -> None:
    store_endpoint(owner=endpoint.owner, url=receiver.url + "2", secret=OTHER_SECRET)
    kept = store_endpoint(owner=endpoint.owner, url=receiver.url)
    assert (kept.candidate_url, kept.sealed_candidate_secret) == ("", "")
    assert kept.is_deliverable
    verify_endpoint(endpoint=kept)
    assert {request.path for request in receiver.requests} == {"/hook"}


def test_candidates_secret_signs_from_the_swap_on(
    send: Send, account: User, endpoint: Endpoint, receiver: Receiver
) -> None:
    first = endpoint_secret(endpoint=endpoint)
    candidate = store_endpoint(owner=account, url=receiver.url + "2", secret=OTHER_SECRET)
    deliver_message(send("before").pk)
    Webhook(first).verify(receiver.callbacks[0].body, receiver.callbacks[0].headers)
    verify_endpoint(endpoint=candidate)
    challenge = receiver.requests[-1]
    assert challenge.path == "/hook2"
    Webhook(OTHER_SECRET).verify(challenge.body, challenge.headers)
    deliver_message(send("after").pk)
    Webhook(OTHER_SECRET).verify(receiver.callbacks[1].body, receiver.callbacks[1].headers)


def test_same_url_with_another_secret_is_a_candidate_too(account: User, endpoint: Endpoint, receiver: Receiver) -> None:
    first = endpoint_secret(endpoint=endpoint)
    receiver.behaviour = reply(401)
    with pytest.raises(VerificationFailedError):
        register_endpoint(owner=account, url=receiver.url, secret=OTHER_SECRET)
    endpoint.refresh_from_db()
    assert endpoint_secret(endpoint=endpoint) == first
    receiver.behaviour = None
    verify_endpoint(endpoint=endpoint)
    assert endpoint_secret(endpoint=endpoint) == OTHER_SECRET


def test_rotated_secret_is_that_of_the_candidate_too(endpoint: Endpoint, receiver: Receiver) -> None:
    """Whichever secret was shown last signs, whatever is swapped in after it."""
    candidate = store_endpoint(owner=endpoint.owner, url=receiver.url + "2", secret=OTHER_SECRET)
    shown = rotate_secret(endpoint=candidate)
    verify_endpoint(endpoint=Endpoint.objects.get(pk=endpoint.pk))
    endpoint.refresh_from_db()
    assert endpoint.url == receiver.url + "2"
    assert endpoint_secret(endpoint=endpoint) == shown


def test_answer_of_a_candidate_replaced_meanwhile_does_not_count(endpoint: Endpoint, receiver: Receiver) -> None:
    asked = store_endpoint(owner=endpoint.owner, url=receiver.url + "2")
    store_endpoint(owner=endpoint.owner, url=receiver.url + "3")
    with pytest.raises(VerificationFailedError, match="changed"):
        verify_endpoint(endpoint=asked)
    endpoint.refresh_from_db()
    assert (endpoint.url, endpoint.candidate_url) == (receiver.url, receiver.url + "3")


def test_answer_to_a_secret_replaced_meanwhile_does_not_count(endpoint: Endpoint, receiver: Receiver) -> None:
    first = endpoint_secret(endpoint=endpoint)
    asked = store_endpoint(owner=endpoint.owner, url=receiver.url + "2", secret=OTHER_SECRET)
    newest = store_endpoint(owner=endpoint.owner, url=receiver.url + "2", secret=THIRD_SECRET)
    with pytest.raises(VerificationFailedError, match="changed"):
        verify_endpoint(endpoint=asked)
    endpoint.refresh_from_db()
    assert (endpoint.url, endpoint_secret(endpoint=endpoint)) == (receiver.url, first)
    assert endpoint_secret(endpoint=verify_endpoint(endpoint=newest)) == THIRD_SECRET


@pytest.mark.parametrize("status", [200, 410])
def test_attempt_at_the_url_before_says_nothing_about_the_one_swapped_in(
    send: Send, endpoint: Endpoint, receiver: Receiver, status: int
) -> None:
    message, now = send(), timezone.now()
    claim = claim_message(message_pk=message.pk, now=now)
    assert claim is not None
    register_endpoint(owner=endpoint.owner, url=receiver.url + "2")
    Endpoint.objects.update(failing_since=now, last_failure_at=now)
    record_answer(claim=claim, answer=Answer(status=status), now=now)
    endpoint.refresh_from_db()
    assert endpoint.failing_since == now, "the trouble of the new URL is not over"
    assert endpoint.disabled_at is None


def test_unverified_url_with_callbacks_counts_as_failing(account: User, unverified: Endpoint) -> None:
    assert count_failing_endpoints() == 0, "nothing is held up by it"
    ended(account)
    assert count_failing_endpoints() == 1
    sweep_due_messages(now=timezone.now() + SCHEDULE_LENGTH)
    assert count_failing_endpoints() == 1, "what waited in vain needs somebody all the more"
    verify_endpoint(endpoint=unverified)
    assert count_failing_endpoints() == 0


def test_url_that_its_account_disabled_needs_nobody(endpoint: Endpoint, send: Send) -> None:
    send()
    disable_endpoint(endpoint=endpoint, reason="The account disabled it.", now=timezone.now(), by_owner=True)
    assert count_failing_endpoints() == 0
    assert count_lost_callbacks(now=timezone.now()) == 0, "what waited then was not lost: nobody wants it"
    verify_endpoint(endpoint=endpoint)
    disable_endpoint(endpoint=endpoint, reason="Every attempt failed for 5 days.", now=timezone.now())
    assert count_lost_callbacks(now=timezone.now()) == 1, "the account takes callbacks again"
    assert count_failing_endpoints() == 1, "this time it was not the account"
    disable_endpoint(endpoint=endpoint, reason="The account disabled it.", now=timezone.now(), by_owner=True)
    assert count_failing_endpoints() == 0, "the account wants it so too"


def test_the_command_says_where_callbacks_go_meanwhile(account: User, receiver: Receiver) -> None:
    receiver.behaviour = only_at("/elsewhere")
    with pytest.raises(CommandError, match="Callbacks wait"):
        call_command("set_callback_url", account.username, receiver.url)
    receiver.behaviour = only_at("/hook")
    call_command("set_callback_url", account.username, receiver.url)
    with pytest.raises(CommandError, match=f"not verified.*still go to {receiver.url}[.]"):
        call_command("set_callback_url", account.username, receiver.url + "2")
