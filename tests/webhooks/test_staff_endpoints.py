"""The pages of callback URLs: what changes something asks first and needs permission."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tests.webhooks.conftest import CHOICES
from tests.webhooks.filled import fill
from tests.webhooks.receiver import Receiver, reply
from webhooks.models import Attempt, Endpoint, Message
from webhooks.selectors import health_of, typical_ms
from webhooks.services import endpoint_secret
from webhooks.tasks import deliver_message

ADMIN = "/admin/webhooks"
Send = Callable[..., Message]


@pytest.mark.parametrize("action", ["send_test", "verify_again", "rotate_secret", "recover_failed", "replay"])
def test_onlookers_change_nothing(reading_desk: Client, endpoint: Endpoint, action: str, receiver: Receiver) -> None:
    before = endpoint_secret(endpoint=endpoint)
    answer = reading_desk.post(f"{ADMIN}/endpoint/{endpoint.pk}/{action}/", {"_form_submitted": "True", "since": "1"})
    assert answer.status_code == 403
    endpoint.refresh_from_db()
    assert endpoint_secret(endpoint=endpoint) == before
    assert not Message.objects.exists()
    assert len(receiver.requests) == 1


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


def words_of(desk: Client, url: str) -> str:
    """Return a page with one space for every run of white space."""
    return " ".join(desk.get(url).content.decode().split())


def test_recovery_shows_its_progress(desk: Client, endpoint: Endpoint, send: Send, receiver: Receiver) -> None:
    messages = [send(key) for key in "abc"]
    Message.objects.update(state=Message.State.FAILED, created_at=timezone.now() - timedelta(minutes=1))
    desk.post(f"{ADMIN}/endpoint/{endpoint.pk}/recover_failed/", {"since": "1", "_form_submitted": "True"})
    url = f"{ADMIN}/endpoint/{endpoint.pk}/change/"
    assert "0 of 3 delivered, 3 waiting" in words_of(desk, url)
    receiver.behaviour = reply(200)
    deliver_message(messages[0].pk)
    assert "1 of 3 delivered, 2 waiting" in words_of(desk, url)
    Message.objects.filter(pk=messages[1].pk).update(state=Message.State.FAILED)
    assert "1 of 3 delivered, 1 waiting, 1 failed again" in words_of(desk, url)


def test_adding_an_endpoint_verifies_after_the_commit_and_shows_the_secret(
    desk: Client, account: User, receiver: Receiver, django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        answer = desk.post(f"{ADMIN}/endpoint/add/", {"owner": account.pk, "url": receiver.url} | CHOICES)
    endpoint = Endpoint.objects.get(owner=account)
    assert endpoint.is_deliverable
    assert endpoint_secret(endpoint=endpoint) in answer.content.decode()
    page = desk.get(f"{ADMIN}/endpoint/{endpoint.pk}/change/").content.decode()
    assert endpoint_secret(endpoint=endpoint) not in page


def test_changed_url_stands_beside_the_one_in_use_until_it_answers(
    desk: Client, endpoint: Endpoint, receiver: Receiver, django_capture_on_commit_callbacks: Any
) -> None:
    page_url, new = f"{ADMIN}/endpoint/{endpoint.pk}/change/", receiver.url + "2"
    receiver.behaviour = reply(404)
    with django_capture_on_commit_callbacks(execute=True):
        desk.post(page_url, {"url": new} | CHOICES)
    verify_again = f"{ADMIN}/endpoint/{endpoint.pk}/verify_again/"
    page = desk.post(verify_again, {"_form_submitted": "True"}, follow=True).content.decode()
    assert f"Callbacks still go to {receiver.url}." in page
    assert f"New URL: <strong>{new}</strong>" in page
    assert f'value="{new}"' in page
    assert "status 404" in page
    assert "new, not verified" in desk.get(f"{ADMIN}/endpoint/").content.decode()
    receiver.behaviour = None
    desk.post(verify_again, {"_form_submitted": "True"})
    endpoint.refresh_from_db()
    assert (endpoint.url, endpoint.candidate_url) == (new, "")
    assert "New URL:" not in desk.get(page_url).content.decode()


def test_saving_the_url_in_use_withdraws_the_new_one(
    desk: Client, endpoint: Endpoint, receiver: Receiver, django_capture_on_commit_callbacks: Any
) -> None:
    page_url = f"{ADMIN}/endpoint/{endpoint.pk}/change/"
    receiver.behaviour = reply(404)
    for url in (receiver.url + "2", receiver.url):
        with django_capture_on_commit_callbacks(execute=True):
            desk.post(page_url, {"url": url} | CHOICES)
    endpoint.refresh_from_db()
    assert (endpoint.url, endpoint.candidate_url) == (receiver.url, "")
    assert endpoint.is_deliverable
    assert "The last challenge failed, and the URL stays verified" in desk.get(page_url).content.decode()


def test_page_of_an_unverified_url_says_that_callbacks_wait(desk: Client, endpoint: Endpoint, send: Send) -> None:
    Endpoint.objects.update(verified_at=None)
    message = send()
    assert "Callbacks wait until the URL is verified" in words_of(desk, f"{ADMIN}/endpoint/{endpoint.pk}/change/")
    page = desk.get(f"{ADMIN}/message/{message.pk}/change/").content.decode()
    assert "waits until its URL is verified" in page
    assert ">in 23 h<" in page


@pytest.mark.parametrize(
    "url",
    [
        *("ftp://example.org/", "http://user:word@example.org/", "nothing"),
        *("http://10.0.0.1/hook", "http://127.0.0.1:1/hook", "http://[::1]/hook", "http://169.254.169.254/latest/"),
    ],
)
def test_a_url_that_cannot_be_called_is_a_form_error(desk: Client, account: User, url: str) -> None:
    answer = desk.post(f"{ADMIN}/endpoint/add/", {"owner": account.pk, "url": url} | CHOICES)
    assert answer.status_code == 200
    assert answer.context["adminform"].form.errors.keys() == {"url"}
    assert not Endpoint.objects.exists()


def test_one_that_nothing_was_sent_to_can_be_deleted(desk: Client, endpoint: Endpoint) -> None:
    assert desk.post(f"{ADMIN}/endpoint/{endpoint.pk}/delete/", {"post": "yes"}).status_code == 302
    assert not Endpoint.objects.exists()


def test_turned_off_it_gets_nothing_until_it_is_verified_again(
    desk: Client, endpoint: Endpoint, send: Send, receiver: Receiver
) -> None:
    waiting = send("before")
    desk.post(f"{ADMIN}/endpoint/{endpoint.pk}/turn_off/", {"_form_submitted": "True"})
    deliver_message(waiting.pk)
    assert receiver.callbacks == []
    assert "staff disabled it" in desk.get(f"{ADMIN}/endpoint/{endpoint.pk}/change/").content.decode()
    assert set(Message.objects.values_list("state", flat=True)) == {Message.State.FAILED}
    desk.post(f"{ADMIN}/endpoint/{endpoint.pk}/verify_again/", {"_form_submitted": "True"})
    deliver_message(send("after").pk)
    assert len(receiver.callbacks) == 1


def test_the_list_tells_the_median_answer_and_the_last_success_of_each(desk: Client) -> None:
    fill(4)
    now = timezone.now()
    Message.objects.update(state=Message.State.DELIVERED, delivered_at=now - timedelta(days=3))
    quick, slow, silent = Message.objects.order_by("pk")[:3]
    for message, taken_ms in ((quick, [30, 41, 900]), (slow, [1400])):
        message.attempts.all().delete()
        for number, took_ms in enumerate([*taken_ms, 7777], start=1):
            status = 500 if took_ms == 7777 else 200
            Attempt.objects.create(
                message=message, number=number, started_at=now, ended_at=now, duration_ms=took_ms, status=status
            )
    Message.objects.filter(pk=quick.pk).update(delivered_at=now - timedelta(hours=2))
    Message.objects.filter(pk=silent.pk).update(state=Message.State.FAILED, delivered_at=None)
    rows = {row.pk: row for row in desk.get(f"{ADMIN}/endpoint/").context["cl"].result_list}
    told = {pk: typical_ms(row.answered_ms) for pk, row in rows.items()}
    assert (told[quick.endpoint_id], told[slow.endpoint_id], told[silent.endpoint_id]) == (41, 1400, None)
    assert rows[quick.endpoint_id].last_delivered_at == now - timedelta(hours=2)
    assert rows[silent.endpoint_id].last_delivered_at is None
    page = desk.get(f"{ADMIN}/endpoint/").content.decode()
    assert "41 ms" in page
    assert "1.4 s" in page
    assert "2 h ago" in page


@pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL looks through small tables whole")
def test_callbacks_of_a_url_are_counted_from_an_index_alone(endpoint: Endpoint) -> None:
    """A row has its whole body, and a URL may have very many."""
    with CaptureQueriesContext(connection) as asked:
        health_of(endpoint.pk)
    [counting] = [one["sql"] for one in asked.captured_queries if "GROUP BY" in one["sql"]]
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN QUERY PLAN {counting}")
        assert "COVERING INDEX" in str(cursor.fetchall())
