"""Several callback URLs an account: each with the events, the body and the signature that it asked for."""

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from cryptography.exceptions import InvalidSignature
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone
from django_q.models import OrmQ

from tests.webhooks import receiver as receivers
from tests.webhooks.asymmetric import verified
from tests.webhooks.conftest import CHECKED, TASK_ID
from tests.webhooks.receiver import Receiver
from webhooks.contract import Event
from webhooks.models import Endpoint, Message
from webhooks.services import (
    ChoicesInvalidError,
    TooManyUrlsError,
    add_endpoint,
    change_endpoint,
    disable_endpoint,
    endpoint_secret,
    public_keys,
    queue_messages,
    register_endpoint,
    rotate_secret,
    verify_endpoint,
)
from webhooks.tasks import deliver_message

FULL = CHECKED | {"matches": [{"title": "Summer Breeze"}]}


@pytest.fixture
def second(receiver: Receiver, settings: Any) -> Iterator[Receiver]:
    """Another receiver of the same account."""
    started = receivers.start()
    settings.WEBHOOK_ALLOWED_PRIVATE_HOSTS = [receiver.host, started.host]
    yield started
    started.server.shutdown()
    started.server.server_close()


@pytest.fixture
def other(account: User, endpoint: Endpoint, second: Receiver) -> Endpoint:
    """The account's second URL, verified."""
    return verify_endpoint(endpoint=add_endpoint(owner=account, url=second.url))


def ended(account: User, *, event: str = "check_is_same", key: str = "end", **more: Any) -> list[Message]:
    """Make the messages of an event and deliver them."""
    messages = queue_messages(owner=account, event=event, event_key=key, subject=TASK_ID, body=CHECKED, **more)
    for message in messages:
        deliver_message(message.pk)
    return messages


def test_each_url_gets_its_own_message_of_an_event(
    account: User, endpoint: Endpoint, other: Endpoint, receiver: Receiver, second: Receiver
) -> None:
    messages = ended(account)
    assert [message.endpoint for message in messages] == [endpoint, other]
    assert [request.json for request in receiver.callbacks + second.callbacks] == [CHECKED, CHECKED]
    ids = [request.headers["webhook-id"] for request in receiver.callbacks + second.callbacks]
    assert ids == [message.message_id for message in messages]
    assert ids[0] != ids[1], "an id is of one callback to one URL"
    assert endpoint_secret(endpoint=endpoint) != endpoint_secret(endpoint=other)


def test_the_same_event_again_makes_no_more_messages(account: User, endpoint: Endpoint, other: Endpoint) -> None:
    first = ended(account)
    assert ended(account) == first
    assert Message.objects.count() == OrmQ.objects.count() == 2


def test_a_url_hears_only_what_it_asked_for(account: User, endpoint: Endpoint, other: Endpoint) -> None:
    assert endpoint.events == ["add_audio_in_index", "check_is_same"]
    change_endpoint(endpoint=other, events=["match.found", "add_audio_in_index"])
    assert [message.endpoint for message in ended(account)] == [endpoint]
    assert [message.endpoint for message in ended(account, event=Event.ADD, key="add")] == [endpoint, other]
    assert [message.endpoint for message in ended(account, event=Event.MATCH_FOUND, key="found")] == [other]


def test_full_body_goes_only_where_it_was_asked_for(
    account: User, endpoint: Endpoint, other: Endpoint, receiver: Receiver, second: Receiver
) -> None:
    change_endpoint(endpoint=other, body_format="full")
    ended(account, full=lambda: FULL)
    assert receiver.callbacks[0].json == CHECKED
    assert second.callbacks[0].json == FULL


def test_full_body_is_not_built_for_nobody(account: User, endpoint: Endpoint) -> None:
    def never() -> dict[str, Any]:
        raise AssertionError("nobody asked for it")

    assert len(ended(account, full=never)) == 1
    change_endpoint(endpoint=endpoint, events=["match.found"])
    assert queue_messages(owner=account, event="check_is_same", event_key="k", subject=TASK_ID, body=never) == []


def test_a_url_that_is_disabled_is_told_to_those_that_asked(
    account: User, endpoint: Endpoint, other: Endpoint, second: Receiver, receiver: Receiver
) -> None:
    for one in (endpoint, other):
        change_endpoint(endpoint=one, events=["callback_url.disabled"], name="label")
    disable_endpoint(endpoint=endpoint, reason="The URL answered 410 Gone.", now=timezone.now())
    (message,) = Message.objects.all()
    deliver_message(message.pk)
    (request,) = second.callbacks
    assert request.json["type"] == "callback_url.disabled"
    assert request.json["callback_url"] == {"id": str(endpoint.public_id), "name": "label", "url": endpoint.url}
    assert request.json["reason"] == "The URL answered 410 Gone."
    assert "x-mippia-signature" not in request.headers, "there is no task id for it to cover"
    assert "webhook-signature" in request.headers
    assert receiver.callbacks == []


def test_up_to_the_limit_and_each_address_once(account: User, endpoint: Endpoint, settings: Any) -> None:
    settings.WEBHOOK_MAX_URLS = 2
    with pytest.raises(TooManyUrlsError, match="already"):
        add_endpoint(owner=account, url=endpoint.url)
    add_endpoint(owner=account, url="https://label.example/two")
    with pytest.raises(TooManyUrlsError, match="limit"):
        add_endpoint(owner=account, url="https://label.example/three")
    assert Endpoint.objects.count() == 2
    add_endpoint(owner=User.objects.create_user("another"), url=endpoint.url)


@pytest.mark.django_db(transaction=True)
def test_two_at_once_do_not_get_past_the_limit(settings: Any) -> None:
    settings.WEBHOOK_MAX_URLS = 1
    account = User.objects.create_user("account")
    errors: list[Exception] = []

    def add(number: int) -> None:
        try:
            add_endpoint(owner=account, url=f"https://label.example/{number}")
        except TooManyUrlsError as error:
            errors.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=add, args=[number]) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Endpoint.objects.count() == 1
    assert len(errors) == 3


@pytest.mark.parametrize(
    ("choices", "name"),
    [
        ({"events": []}, "events"),
        ({"events": ["check_is_same", "nothing"]}, "events"),
        ({"body_format": "xml"}, "body_format"),
        ({"scheme": "rsa"}, "signature"),
        ({"name": "x" * 101}, "name"),
        ({"description": "x" * 1001}, "description"),
    ],
)
def test_choices_that_cannot_be_stored_store_nothing(endpoint: Endpoint, choices: dict[str, Any], name: str) -> None:
    before = Endpoint.objects.values().get()
    with pytest.raises(ChoicesInvalidError) as refused:
        change_endpoint(endpoint=endpoint, **({"name": "new"} | choices))
    assert list(refused.value.errors) == [name]
    assert Endpoint.objects.values().get() == before


def test_with_ed25519_the_public_key_verifies(account: User, endpoint: Endpoint, receiver: Receiver) -> None:
    change_endpoint(endpoint=endpoint, scheme="ed25519")
    (key,) = public_keys(endpoint)
    assert key.startswith("whpk_")
    ended(account)
    (request,) = receiver.callbacks
    assert request.headers["webhook-signature"].startswith("v1a,")
    assert verified(key, request.body, request.headers)
    assert "x-mippia-signature" in request.headers, "the contract's signature goes with every callback of a task"
    with pytest.raises(InvalidSignature):
        verified(key, request.body + b" ", request.headers)


def test_with_ed25519_both_keys_sign_in_the_overlap(account: User, endpoint: Endpoint, receiver: Receiver) -> None:
    change_endpoint(endpoint=endpoint, scheme="ed25519")
    (old,) = public_keys(endpoint)
    rotate_secret(endpoint=endpoint)
    new, still = public_keys(endpoint)
    assert still == old != new
    ended(account)
    for key in (old, new):
        assert verified(key, receiver.callbacks[0].body, receiver.callbacks[0].headers)


def test_key_pairs_are_of_one_url_and_one_deployment(account: User, endpoint: Endpoint, settings: Any) -> None:
    """Two URLs with one secret, and whoever knows the secret alone, do not come to the same key."""
    secret = endpoint_secret(endpoint=endpoint)
    twin = add_endpoint(owner=account, url="https://label.example/", secret=secret)
    for one in (endpoint, twin):
        change_endpoint(endpoint=one, scheme="ed25519")
    assert public_keys(endpoint) != public_keys(twin)
    assert public_keys(endpoint) == public_keys(endpoint)


def test_the_challenge_is_signed_with_the_chosen_scheme(endpoint: Endpoint, receiver: Receiver) -> None:
    change_endpoint(endpoint=endpoint, scheme="ed25519")
    verify_endpoint(endpoint=endpoint)
    challenge = receiver.requests[-1]
    assert verified(public_keys(endpoint)[0], challenge.body, challenge.headers)


def test_the_command_says_which_url_it_means(account: User, receiver: Receiver, second: Receiver) -> None:
    call_command("set_callback_url", account.username, receiver.url)
    call_command("set_callback_url", account.username, second.url, another=True)
    with pytest.raises(CommandError, match="several callback URLs"):
        call_command("set_callback_url", account.username, second.url + "2")
    first, _ = Endpoint.objects.order_by("pk")
    call_command("set_callback_url", account.username, receiver.url + "2", id=str(first.public_id))
    assert set(Endpoint.objects.values_list("url", flat=True)) == {receiver.url + "2", second.url}
    with pytest.raises(CommandError, match="no callback URL with the id"):
        call_command("set_callback_url", account.username, receiver.url, id="nothing")


def test_a_private_address_is_refused_before_it_is_stored(account: User) -> None:
    with pytest.raises(CommandError, match="private or reserved address"):
        call_command("set_callback_url", account.username, "http://10.0.0.1/hook")
    assert not Endpoint.objects.exists()


def test_one_url_as_before(account: User, receiver: Receiver, send: Callable[..., Message]) -> None:
    """An account with one URL: saving another address replaces it, and does not add a second one."""
    register_endpoint(owner=account, url=receiver.url + "2")
    assert [endpoint.url for endpoint in Endpoint.objects.all()] == [receiver.url + "2"]
