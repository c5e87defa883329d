"""The pages of callbacks out: each request and response, sending again, the same for a shell."""

import itertools
import subprocess
from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone
from standardwebhooks import Webhook

from tests.webhooks.conftest import CHECKED
from tests.webhooks.receiver import Receiver, reply
from webhooks.models import Attempt, Endpoint, Message
from webhooks.selectors import curl_command
from webhooks.services import disable_endpoint, endpoint_secret
from webhooks.services.delivery import claim_message
from webhooks.tasks import deliver_message
from webhooks.transport import post

ADMIN = "/admin/webhooks"
Send = Callable[..., Message]


def test_a_message_shows_its_attempts_and_the_same_request_as_curl(
    desk: Client, send: Send, receiver: Receiver
) -> None:
    message = send(body=CHECKED | {"task_id": "it's $(odd)"})
    receiver.behaviour = reply(500)
    deliver_message(message.pk)
    page = desk.get(f"{ADMIN}/message/{message.pk}/change/").content.decode()
    assert "webhook-signature" in page
    assert receiver.url in page
    assert "no answer" not in page
    assert ">500</span>" in page.replace("\n", "").replace("  ", "")


def test_a_message_shows_each_request_and_response_and_the_next_try(
    desk: Client, send: Send, receiver: Receiver
) -> None:
    receiver.behaviour = reply(503, b"come back later")
    message = send()
    deliver_message(message.pk)
    page = desk.get(f"{ADMIN}/message/{message.pk}/change/").content.decode()
    assert "x-mippia-signature: " in page
    assert "come back later" in page
    assert page.count("next attempt") == 2, "in the head and below the attempts"
    assert 'hx-trigger="every 2s"' in page, "it looks again while it is on its way"
    receiver.behaviour = reply(200)
    Message.objects.update(next_attempt_at=timezone.now())
    deliver_message(message.pk)
    page = desk.get(f"{ADMIN}/message/{message.pk}/change/").content.decode()
    assert "attempt 2" in page
    assert "next attempt" not in page
    assert 'hx-trigger="every 2s"' not in page


def test_an_attempt_keeps_the_url_that_it_went_to(desk: Client, send: Send, receiver: Receiver) -> None:
    message = send()
    deliver_message(message.pk)
    Endpoint.objects.update(url="https://moved.example/hook")
    page = desk.get(f"{ADMIN}/message/{message.pk}/change/").content.decode()
    assert f"POST <code>{receiver.url}</code>" in page


def test_the_curl_line_survives_a_shell(send: Send, receiver: Receiver) -> None:
    """A real shell takes the line apart, with a function in curl's place; what it got is then sent."""
    body = CHECKED | {"result": CHECKED["result"] | {"matched_musicname": 'it\'s $(odd) "`é`"'}}
    message = send(body=body)
    line = curl_command(Message.objects.select_related("endpoint").get(pk=message.pk))
    shell = ["sh", "-c", "curl() { printf '%s\\0' \"$@\"; }; " + line]
    arguments = subprocess.run(shell, check=True, capture_output=True).stdout.decode().split("\0")[:-1]
    assert arguments[:3] == ["-i", "-X", "POST"]
    heads = [value for option, value in itertools.pairwise(arguments) if option == "-H"]
    data = arguments[arguments.index("--data-binary") + 1].encode()
    post(url=arguments[-1], headers=dict(head.split(": ", 1) for head in heads), body=data)
    (request,) = receiver.callbacks
    assert request.json == body
    assert request.headers["webhook-id"] == message.message_id
    Webhook(endpoint_secret(endpoint=message.endpoint)).verify(request.body, request.headers)


def test_looking_at_send_again_sends_nothing(desk: Client, send: Send, receiver: Receiver) -> None:
    message = send()
    deliver_message(message.pk)
    assert desk.get(f"{ADMIN}/message/{message.pk}/send_again/").status_code == 200
    message.refresh_from_db()
    assert message.state == Message.State.DELIVERED


def test_send_again(desk: Client, send: Send, receiver: Receiver) -> None:
    message = send()
    deliver_message(message.pk)
    answer = desk.post(f"{ADMIN}/message/{message.pk}/send_again/", {"_form_submitted": "True"})
    assert answer.status_code == 302
    message.refresh_from_db()
    assert message.state == Message.State.PENDING


def test_send_again_needs_the_token(send: Send, receiver: Receiver) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(User.objects.create_superuser("boss"))
    message = send()
    answer = client.post(f"{ADMIN}/message/{message.pk}/send_again/", {"_form_submitted": "True"})
    assert answer.status_code == 403


def test_send_selected_again(desk: Client, send: Send, receiver: Receiver) -> None:
    made = [send(key) for key in "ab"]
    for message in made:
        deliver_message(message.pk)
    data = {"action": "send_selected_again", "_selected_action": [message.pk for message in made]}
    desk.post(f"{ADMIN}/message/", data)
    assert Message.objects.filter(state=Message.State.PENDING).count() == 2


def test_onlookers_do_not_send_again(reading_desk: Client, send: Send) -> None:
    message = send()
    url = f"{ADMIN}/message/{message.pk}/send_again/"
    assert reading_desk.post(url, {"_form_submitted": "True"}).status_code == 403
    data = {"action": "send_selected_again", "_selected_action": [message.pk]}
    assert "send_selected_again" not in reading_desk.get(f"{ADMIN}/message/").content.decode()
    reading_desk.post(f"{ADMIN}/message/", data)
    message.refresh_from_db()
    assert message.schedule_step == 0


@pytest.mark.slow
@pytest.mark.parametrize(
    ("query", "found"),
    [("?outcome=2", 1), ("?outcome=5", 1), ("?outcome=none", 1), ("?outcome=3", 0), ("?outcome=nonsense", 3)],
)
def test_attempts_by_their_outcome(desk: Client, send: Send, query: str, found: int) -> None:
    message = send()
    for number, status in enumerate((200, 503, None)):
        Attempt.objects.create(message=message, number=number, started_at=timezone.now(), status=status, url="x")
    page = desk.get(f"{ADMIN}/attempt/{query}")
    assert page.context["cl"].result_count == found


def test_callbacks_by_their_event(desk: Client, send: Send) -> None:
    send()
    assert desk.get(f"{ADMIN}/message/?event=check_is_same").context["cl"].result_count == 1
    assert desk.get(f"{ADMIN}/message/?event=test").context["cl"].result_count == 0
    assert "check_is_same" in desk.get(f"{ADMIN}/message/").content.decode()


def pressed(desk: Client, message: Message) -> str:
    """Press *Send again* and return the page that follows."""
    url = f"{ADMIN}/message/{message.pk}/send_again/"
    return desk.post(url, {"_form_submitted": "True"}, follow=True).content.decode()


def test_send_again_says_so_where_it_did_nothing(desk: Client, send: Send, receiver: Receiver) -> None:
    message = send()
    now = timezone.now()
    assert claim_message(message_pk=message.pk, now=now)
    page = pressed(desk, message)
    assert "1 callback is skipped: a worker is sending now." in page
    assert "sent again" not in page

    disable_endpoint(endpoint=message.endpoint, reason="Off.", now=now)
    Message.objects.update(state=Message.State.FAILED, error="Off.")
    page = pressed(desk, message)
    assert "1 callback is not sent: the URL is disabled." in page
    assert "sent again" not in page
    message.refresh_from_db()
    assert (message.state, message.error) == (Message.State.FAILED, "Off.")

    Endpoint.objects.update(disabled_at=None, verified_at=None)
    page = pressed(desk, message)
    assert "1 callback is waiting until the URL is verified." in page
    assert "sent again" not in page
    Endpoint.objects.update(verified_at=now)
    assert "1 callback is sent again." in pressed(desk, message)


def test_send_selected_again_counts_each_kind(desk: Client, send: Send, receiver: Receiver) -> None:
    taken, *others = [send(key) for key in "abc"]
    assert claim_message(message_pk=taken.pk, now=timezone.now())
    data = {"action": "send_selected_again", "_selected_action": [message.pk for message in (taken, *others)]}
    page = desk.post(f"{ADMIN}/message/", data, follow=True).content.decode()
    assert "2 callbacks are sent again." in page
    assert "1 callback is skipped" in page


def test_recover_says_so_where_it_did_nothing(desk: Client, endpoint: Endpoint, send: Send) -> None:
    send()
    disable_endpoint(endpoint=endpoint, reason="Off.", now=timezone.now())
    url = f"{ADMIN}/endpoint/{endpoint.pk}/recover_failed/"
    page = desk.post(url, {"_form_submitted": "True", "since": "1"}, follow=True).content.decode()
    assert "No callback was sent: the URL is disabled." in page
    assert "sent again" not in page
    assert Message.objects.get().state == Message.State.FAILED
