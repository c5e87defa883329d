"""Several workers, sweepers and senders at once, on real connections."""

import threading
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import close_old_connections, connection
from django.test import Client
from django.utils import timezone
from django_q.models import OrmQ

from tests.some import some
from tests.webhooks import signed
from tests.webhooks.conftest import CHECKED, TASK_ID
from tests.webhooks.receiver import Receiver, Request, reply
from webhooks.models import Attempt, Endpoint, Message, Received, Source
from webhooks.services import queue_messages, sweep_due_messages
from webhooks.tasks import deliver_message

pytestmark = pytest.mark.django_db(transaction=True)
THREADS = 6


def at_once(work: Callable[[], Any]) -> list[Any]:
    """Run `work` in several threads that start together; return what each returned or raised."""
    start = threading.Barrier(THREADS)
    results: list[Any] = []

    def run() -> None:
        close_old_connections()
        start.wait()
        try:
            results.append(work())
        except Exception as error:  # noqa: BLE001 - shown by the assertion
            results.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return results


def test_one_worker_delivers(send: Callable[..., Message], receiver: Receiver) -> None:
    message = send()
    assert sorted(at_once(lambda: deliver_message(message.pk))) == [False] * (THREADS - 1) + [True]
    assert len(receiver.callbacks) == 1
    assert message.attempts.count() == 1


def test_one_sweeper_queues_each(send: Callable[..., Message]) -> None:
    for number in range(5):
        send(str(number))
    OrmQ.objects.all().delete()
    later = timezone.now() + timedelta(minutes=6)
    assert sum(at_once(lambda: sweep_due_messages(now=later))) == 5
    assert OrmQ.objects.filter(key="webhooks").count() == 5


def test_one_message_is_made(account: User, endpoint: Any) -> None:
    told = {"event": "check_is_same", "event_key": "k", "subject": TASK_ID, "body": CHECKED}
    made = at_once(lambda: queue_messages(owner=account, **told)[0])
    assert len({message.pk for message in made}) == 1
    assert OrmQ.objects.count() == 1


@pytest.mark.slow
def test_one_worker_tries_a_url_after_its_pause(
    send: Callable[..., Message], endpoint: Endpoint, receiver: Receiver
) -> None:
    """Each worker has a callback of its own, and the receiver takes its time: the others are not sent meanwhile."""
    waiting = [send(str(number)).pk for number in range(THREADS)]
    over = timezone.now() - timedelta(seconds=1)
    Endpoint.objects.update(paused_until=over, pause_reason="failing", pauses_in_row=1)

    def slow(request: Request, handler: Any) -> None:
        time.sleep(1)
        reply(500)(request, handler)

    receiver.behaviour = slow
    each = iter(waiting)
    assert sorted(at_once(lambda: deliver_message(next(each)))) == [False] * (THREADS - 1) + [True]
    assert len(receiver.callbacks) == 1
    endpoint.refresh_from_db()
    assert endpoint.pauses_in_row == 2
    assert Message.objects.filter(state="pending", attempt_count=0).count() == THREADS - 1
    assert Attempt.objects.count() == 1

    receiver.behaviour = None
    Endpoint.objects.update(paused_until=over)
    Message.objects.update(next_attempt_at=over)
    assert sweep_due_messages() == 1
    assert any(deliver_message(pk) for pk in waiting)
    assert all(deliver_message(pk) for pk in some(Message.objects.filter(state="pending").values_list("pk", flat=True)))


def test_one_row_is_stored_and_each_arrival_counted(source: tuple[Source, str]) -> None:
    raw = signed.dumps(CHECKED)
    headers = signed.standard(source[1], raw)

    def arrive() -> int:
        client = Client()
        answer = client.generic("POST", "/webhooks/incoming/label/", raw, "application/json", headers=headers)
        return answer.status_code

    assert at_once(arrive) == [200] * THREADS
    assert Received.objects.get().times_seen == THREADS
