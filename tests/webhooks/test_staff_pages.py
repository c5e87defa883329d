"""Staff pages: every one opens, none asks a query a row, what changes something asks first and needs permission."""

import itertools
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from standardwebhooks import Webhook

from tests.webhooks.conftest import CHECKED, TASK_ID
from tests.webhooks.receiver import Receiver, reply
from webhooks.models import Attempt, Endpoint, Message, Received, Refused, Source
from webhooks.services import create_source, endpoint_secret, source_secret, store_endpoint
from webhooks.tasks import deliver_message
from webhooks.transport import post

ADMIN = "/admin/webhooks"
Send = Callable[..., Message]


@pytest.fixture
def desk(db: None) -> Client:
    """A browser of staff with every permission."""
    client = Client()
    client.force_login(User.objects.create_superuser("boss"))
    return client


@pytest.fixture
def onlooker(db: None) -> Client:
    """A browser of staff who may look and nothing else."""
    user = User.objects.create_user("onlooker", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__startswith="view_"))
    client = Client()
    client.force_login(user)
    return client


def fill(count: int) -> None:
    """Make `count` rows of every table, of every state."""
    now = timezone.now()
    first = Endpoint.objects.count()
    for number in range(first, first + count):
        owner = User.objects.create_user(f"filled{number}")
        endpoint = store_endpoint(owner=owner, url=f"https://receiver{number}.example/hook")
        Endpoint.objects.filter(pk=endpoint.pk).update(
            verified_at=now if number % 3 else None, disabled_at=now if number % 4 == 1 else None
        )
        source, _ = create_source(slug=f"filled{number}")
        state = Message.State.values[number % 4]
        message = Message.objects.create(
            message_id=f"msg_{number}",
            endpoint=endpoint,
            event="check_is_same",
            event_key="k",
            subject=TASK_ID,
            body='{"task_id": "x"}',
            state=state,
            attempt_count=3,
            schedule_start=now,
            next_attempt_at=now + timedelta(minutes=4),
            created_at=now - timedelta(minutes=5),
            delivered_at=now if state == Message.State.DELIVERED else None,
        )
        for attempt, status in enumerate([None, 500, 200], start=1):
            Attempt.objects.create(
                message=message, number=attempt, started_at=now, ended_at=now, status=status, url=endpoint.url
            )
        Received.objects.create(
            source=source,
            message_id=f"m{number}",
            event="check_is_same",
            status="failure" if number % 2 else "success",
            task_id=TASK_ID,
            body='{"odd": "\\ud800"}',
            mippia_verified=True,
            standard_verified=bool(number % 2),
            first_seen_at=now,
            last_seen_at=now,
        )
        Refused.objects.create(source=source, slug="s", reason="signature", detail="no", at=now)


TABLES = ["endpoint", "message", "attempt", "source", "received", "refused"]


@pytest.mark.parametrize("table", TABLES)
def test_an_empty_list_opens(desk: Client, table: str) -> None:
    assert desk.get(f"{ADMIN}/{table}/").status_code == 200


@pytest.mark.parametrize("table", TABLES)
def test_no_query_a_row(desk: Client, table: str) -> None:
    fill(3)
    desk.get(f"{ADMIN}/{table}/")
    with CaptureQueriesContext(
        connection,
    ) as few:
        assert desk.get(f"{ADMIN}/{table}/").status_code == 200
    fill(12)
    with CaptureQueriesContext(connection) as many:
        answer = desk.get(f"{ADMIN}/{table}/")
    assert answer.context["cl"].result_count > 12
    assert len(many) == len(few), "\n".join(query["sql"][:150] for query in many)


@pytest.mark.parametrize("table", TABLES)
def test_every_row_opens(desk: Client, onlooker: Client, table: str) -> None:
    fill(5)
    model = {m._meta.model_name: m for m in (Endpoint, Message, Attempt, Source, Received, Refused)}[table]
    for pk in model.objects.values_list("pk", flat=True):
        assert desk.get(f"{ADMIN}/{table}/{pk}/change/").status_code == 200
        assert onlooker.get(f"{ADMIN}/{table}/{pk}/change/").status_code == 200


@pytest.mark.parametrize("table", TABLES)
def test_search_opens(desk: Client, table: str) -> None:
    fill(2)
    assert desk.get(f"{ADMIN}/{table}/?q=filled1").status_code == 200


@pytest.mark.parametrize("table", ["message", "attempt", "received", "refused"])
def test_what_happened_is_not_made_by_hand(desk: Client, table: str) -> None:
    fill(1)
    assert desk.get(f"{ADMIN}/{table}/add/").status_code == 403
    models = {"message": Message, "attempt": Attempt, "received": Received, "refused": Refused}
    pk = models[table].objects.first().pk
    assert desk.post(f"{ADMIN}/{table}/{pk}/change/", {}).status_code == 403


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


def test_the_curl_line_survives_a_shell(send: Send, receiver: Receiver) -> None:
    """A real shell takes the line apart, with a function in curl's place; what it got is then sent."""
    import subprocess  # noqa: PLC0415

    from webhooks.selectors import curl_command  # noqa: PLC0415

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


@pytest.mark.parametrize("action", ["send_test", "verify_again", "rotate_secret", "recover_failed"])
def test_onlookers_change_nothing(onlooker: Client, endpoint: Endpoint, action: str, receiver: Receiver) -> None:
    before = endpoint_secret(endpoint=endpoint)
    answer = onlooker.post(f"{ADMIN}/endpoint/{endpoint.pk}/{action}/", {"_form_submitted": "True", "since": "1"})
    assert answer.status_code == 403
    endpoint.refresh_from_db()
    assert endpoint_secret(endpoint=endpoint) == before
    assert not Message.objects.exists()
    assert len(receiver.requests) == 1


def test_onlookers_do_not_send_again(onlooker: Client, send: Send) -> None:
    message = send()
    url = f"{ADMIN}/message/{message.pk}/send_again/"
    assert onlooker.post(url, {"_form_submitted": "True"}).status_code == 403
    data = {"action": "send_selected_again", "_selected_action": [message.pk]}
    assert "send_selected_again" not in onlooker.get(f"{ADMIN}/message/").content.decode()
    onlooker.post(f"{ADMIN}/message/", data)
    message.refresh_from_db()
    assert message.schedule_step == 0


def test_strangers_see_nothing(endpoint: Endpoint, account: User) -> None:
    client = Client()
    client.force_login(account)
    for table in TABLES:
        assert client.get(f"{ADMIN}/{table}/").status_code == 302


def test_send_test(desk: Client, endpoint: Endpoint) -> None:
    desk.post(f"{ADMIN}/endpoint/{endpoint.pk}/send_test/", {"_form_submitted": "True"})
    assert Message.objects.get().event == "test"


def test_send_test_to_an_unverified_endpoint(desk: Client, endpoint: Endpoint) -> None:
    Endpoint.objects.update(verified_at=None)
    answer = desk.post(f"{ADMIN}/endpoint/{endpoint.pk}/send_test/", {"_form_submitted": "True"}, follow=True)
    assert "not verified" in answer.content.decode()
    assert not Message.objects.exists()


def test_verify_again_says_how_it_went(desk: Client, endpoint: Endpoint, receiver: Receiver) -> None:
    url = f"{ADMIN}/endpoint/{endpoint.pk}/verify_again/"
    receiver.behaviour = reply(500)
    page = desk.post(url, {"_form_submitted": "True"}, follow=True).content.decode()
    assert "status 500" in page
    receiver.behaviour = None
    page = desk.post(url, {"_form_submitted": "True"}, follow=True).content.decode()
    assert "is verified" in page


def test_a_rotated_secret_is_shown_once(desk: Client, endpoint: Endpoint) -> None:
    answer = desk.post(f"{ADMIN}/endpoint/{endpoint.pk}/rotate_secret/", {"_form_submitted": "True"})
    endpoint.refresh_from_db()
    secret = endpoint_secret(endpoint=endpoint)
    assert secret in answer.content.decode()
    assert "no-store" in answer["Cache-Control"]
    assert secret not in desk.get(f"{ADMIN}/endpoint/{endpoint.pk}/change/").content.decode()


def test_recover_shows_the_count_before(desk: Client, endpoint: Endpoint, send: Send) -> None:
    for key in "abc":
        send(key)
    Message.objects.update(state=Message.State.FAILED)
    url = f"{ADMIN}/endpoint/{endpoint.pk}/recover_failed/"
    assert "the last hour: 3" in desk.get(url).content.decode()
    assert Message.objects.filter(state=Message.State.FAILED).count() == 3
    desk.post(url, {"_form_submitted": "True", "since": "1"})
    assert Message.objects.filter(state=Message.State.PENDING).count() == 3


def test_adding_an_endpoint_verifies_after_the_commit_and_shows_the_secret(
    desk: Client, account: User, receiver: Receiver, django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        answer = desk.post(f"{ADMIN}/endpoint/add/", {"owner": account.pk, "url": receiver.url}, follow=False)
    assert answer.status_code == 302
    endpoint = Endpoint.objects.get(owner=account)
    assert endpoint.is_deliverable
    page = desk.get(f"{ADMIN}/endpoint/{endpoint.pk}/change/").content.decode()
    assert endpoint_secret(endpoint=endpoint) in page
    page = desk.get(f"{ADMIN}/endpoint/{endpoint.pk}/change/").content.decode()
    assert endpoint_secret(endpoint=endpoint) not in page


def test_changing_the_url_verifies_anew(
    desk: Client, endpoint: Endpoint, receiver: Receiver, django_capture_on_commit_callbacks: Any
) -> None:
    receiver.behaviour = reply(404)
    with django_capture_on_commit_callbacks(execute=True):
        desk.post(f"{ADMIN}/endpoint/{endpoint.pk}/change/", {"url": receiver.url + "2"})
    endpoint.refresh_from_db()
    assert not endpoint.is_deliverable
    assert endpoint.url == receiver.url + "2"


@pytest.mark.parametrize("url", ["ftp://example.org/", "http://user:word@example.org/", "nothing"])
def test_a_url_that_cannot_be_called_is_a_form_error(desk: Client, account: User, url: str) -> None:
    answer = desk.post(f"{ADMIN}/endpoint/add/", {"owner": account.pk, "url": url})
    assert answer.status_code == 200
    assert answer.context["adminform"].form.errors.keys() == {"url"}
    assert not Endpoint.objects.exists()


@pytest.mark.parametrize("given", ["", "a peer's own"])
def test_adding_a_source_shows_its_secret_once(desk: Client, given: str) -> None:
    desk.post(f"{ADMIN}/source/add/", {"slug": "peer", "secret": given})
    source = Source.objects.get()
    secret = source_secret(source=source)
    assert not given or secret == given
    from django.utils.html import escape  # noqa: PLC0415

    assert escape(secret) in desk.get(f"{ADMIN}/source/").content.decode()
    page = desk.get(f"{ADMIN}/source/{source.pk}/change/").content.decode()
    assert escape(secret) not in page
    assert "/webhooks/incoming/peer/" in page


def test_a_message_shows_each_request_and_response_and_the_next_try(
    desk: Client, send: Send, receiver: Receiver
) -> None:
    receiver.behaviour = reply(503, b"come back later")
    message = send()
    deliver_message(message.pk)
    page = desk.get(f"{ADMIN}/message/{message.pk}/change/").content.decode()
    assert "x-mippia-signature: " in page
    assert "come back later" in page
    assert page.count("next try") == 2, "in the head and below the attempts"
    assert 'hx-trigger="every 2s"' in page, "it looks again while it is on its way"
    receiver.behaviour = reply(200)
    Message.objects.update(next_attempt_at=timezone.now())
    deliver_message(message.pk)
    page = desk.get(f"{ADMIN}/message/{message.pk}/change/").content.decode()
    assert "attempt 2" in page
    assert "next try" not in page
    assert 'hx-trigger="every 2s"' not in page


def test_recovery_shows_its_progress(desk: Client, endpoint: Endpoint, send: Send, receiver: Receiver) -> None:
    messages = [send(key) for key in "abc"]
    Message.objects.update(state=Message.State.FAILED, created_at=timezone.now() - timedelta(minutes=1))
    desk.post(f"{ADMIN}/endpoint/{endpoint.pk}/recover_failed/", {"since": "1", "_form_submitted": "True"})
    url = f"{ADMIN}/endpoint/{endpoint.pk}/change/"
    assert "0 of 3 delivered, 3 on their way" in desk.get(url).content.decode()
    receiver.behaviour = reply(200)
    deliver_message(messages[0].pk)
    assert "1 of 3 delivered, 2 on their way" in desk.get(url).content.decode()
    Message.objects.filter(pk=messages[1].pk).update(state=Message.State.FAILED)
    assert "1 of 3 delivered, 1 on their way, 1 failed again" in desk.get(url).content.decode()


def test_refusals_are_counted_by_reason(desk: Client) -> None:
    source, _ = create_source(slug="label")
    for reason in ("signature", "signature", "body"):
        Refused.objects.create(source=source, slug="label", reason=reason, detail="no", at=timezone.now())
    page = desk.get(f"{ADMIN}/refused/")
    assert page.context["refused_counts"] == [("Signature", 2), ("Body", 1)]
    assert "Signature: 2, Body: 1" in desk.get(f"{ADMIN}/source/{source.pk}/change/").content.decode()


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
