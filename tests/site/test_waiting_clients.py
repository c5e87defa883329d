"""Clients that wait for events hold a connection of the web server, and no thread."""

import json
import subprocess
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests

from tests.site.running import WebServer, await_true
from tests.some import some

pytestmark = pytest.mark.cluster
CLIENTS = 60  # thirty for each thread of the server
HELD_WITHIN_S = 15.0
MAKE_KEY = (
    "from django.contrib.auth.models import User; from catalog.services.api_keys import create_key;"
    "owner, _ = User.objects.get_or_create(username={name!r});"
    "print(create_key(owner=owner, tier='custom', custom_per_minute={per_minute})[1])"
)
END_MANY = (
    "import time; from django.contrib.auth.models import User; from catalog.models import Track;"
    "from catalog.services.tasks import accepting, leasing;"
    "owner = User.objects.get(username={name!r}); track = Track.objects.create(owner=owner, title='x');\n"
    "for pause_s in {pauses_s}:\n"
    "    job = accepting.accept_job(track=track, owner=owner, task_name='add_audio_in_index')\n"
    "    leasing.end_in_success(leasing.claim(job.pk)); print(job.task_id); time.sleep(pause_s)\n"
)
END_ONE = (
    "from django.contrib.auth.models import User; from catalog.models import Job, Track;"
    "from catalog.services.tasks import accepting, leasing;"
    "owner = User.objects.get(username={name!r}); track, _ = Track.objects.get_or_create(owner=owner, title='x');"
    "job = accepting.accept_job(track=track, owner=owner, task_name='add_audio_in_index');"
    "leasing.end_in_success(leasing.claim(job.pk)); print(job.task_id)"
)


def key_of(web: WebServer, name: str, per_minute: int = 100_000) -> dict[str, str]:
    """Make an account and return the header of a key."""
    return {"Authorization": f"Bearer {web.shell(MAKE_KEY.format(name=name, per_minute=per_minute))}"}


class Clients:
    """Threads that each ask once, on a connection of their own, and note the answer and when it came."""

    def __init__(self, web: WebServer, count: int, key: dict[str, str], query: str) -> None:
        self.answers: list[tuple[float, Any]] = []
        url = f"{web.url}/api/v1/events?{query}"
        self._threads = [threading.Thread(target=self._ask, args=(url, key)) for _ in range(count)]
        for thread in self._threads:
            thread.start()

    def _ask(self, url: str, key: dict[str, str]) -> None:
        with requests.Session() as session:
            answer = session.get(url, headers=key, timeout=60)
            self.answers.append((time.monotonic(), answer))
            if answer.headers.get("Connection") != "close":
                assert (
                    session.get(url.split("?", maxsplit=1)[0], headers=key, timeout=60).status_code == 200
                )  # it goes on

    def join(self) -> list[tuple[float, Any]]:
        """Wait for all answers."""
        for thread in self._threads:
            thread.join()
        return self.answers


def test_all_threads_are_free_while_many_wait_and_all_hear_of_an_end(web: WebServer) -> None:
    mine, theirs = key_of(web, "mine"), key_of(web, "theirs")
    listening, idle = Clients(web, CLIENTS, mine, "after=latest&wait=20"), Clients(web, 5, theirs, "wait=20")
    await_true(lambda: web.held() == CLIENTS + 5, within_s=HELD_WITHIN_S)
    assert (listening.answers, idle.answers) == ([], [])
    began_s = time.monotonic()
    assert requests.get(f"{web.url}/api/v1/key", headers=mine, timeout=10).status_code == 200
    assert time.monotonic() - began_s < 5  # the other test processes want the machine too

    task_id = web.shell(END_ONE.format(name="mine"))
    ended_s = time.monotonic()
    for at_s, answer in listening.join():
        assert answer.status_code == 200
        assert [body["task_id"] for body in answer.json()["results"]] == [task_id]
        assert int(answer.headers["X-RateLimit-Remaining"]) > 0
        assert at_s - ended_s < 8
    assert idle.answers == []
    task_id = web.shell(END_ONE.format(name="theirs"))
    heard = [[body["task_id"] for body in answer.json()["results"]] for _, answer in idle.join()]
    assert heard == [[task_id]] * 5


def test_ends_that_come_together_or_while_clients_ask_again_are_all_heard_once(web: WebServer) -> None:
    """Two at once are told together; later ones fall into the moments in which clients are on their way back."""
    key, pauses_s = key_of(web, "busy"), [0.0] * 3 + [0.04 * number for number in range(15)]
    heard: list[list[str]] = [[] for _ in range(20)]

    def listen(mine: list[str]) -> None:
        after = "0"
        with requests.Session() as session:
            while len(mine) < len(pauses_s):
                answer = session.get(f"{web.url}/api/v1/events?after={after}&wait=20", headers=key, timeout=60).json()
                mine += [body["task_id"] for body in answer["results"]]
                after = answer["next_after"]

    threads = [threading.Thread(target=listen, args=(mine,), daemon=True) for mine in heard]
    for thread in threads:
        thread.start()
    await_true(lambda: web.held() == len(heard), within_s=HELD_WITHIN_S)
    ended = web.printed(END_MANY.format(name="busy", pauses_s=pauses_s))
    assert len(ended) == len(pauses_s)
    for thread in threads:
        thread.join(30)
    assert heard == [ended] * len(heard)


def test_one_account_does_not_take_all_the_places(web: WebServer) -> None:
    """The server's setting is the default, 100; a thread may count what the other is about to hold one short."""
    greedy, modest = key_of(web, "greedy"), key_of(web, "modest")
    many = Clients(web, 103, greedy, "wait=20")
    await_true(lambda: web.held() + len(many.answers) == 103, within_s=HELD_WITHIN_S)
    refused = list(many.answers)
    assert 1 <= len(refused) <= 3
    assert {answer.headers["Retry-After"] for _, answer in refused} == {"5"}
    began_s = time.monotonic()
    for at_s, answer in some(Clients(web, CLIENTS, modest, "wait=2").join()):
        assert at_s - began_s >= 2
        assert answer.json()["results"] == []
        assert "Retry-After" not in answer.headers
    task_id = web.shell(END_ONE.format(name="greedy"))
    heard = [[body["task_id"] for body in answer.json()["results"]] for _, answer in many.join()[len(refused) :]]
    assert heard == [[task_id]] * (103 - len(refused))


def test_the_time_to_wait_is_kept_and_counts_as_one_call(web: WebServer) -> None:
    key = key_of(web, "patient", per_minute=1)
    if (left_s := 60 - time.time() % 60) < 12:
        time.sleep(left_s)  # the next minute has an allowance of its own
    began_s = time.monotonic()
    answer = requests.get(f"{web.url}/api/v1/events?wait=3", headers=key, timeout=30)
    assert 3 <= time.monotonic() - began_s < 10
    assert answer.status_code == 200
    assert json.loads(answer.content) == {"results": [], "next_after": "0"}
    assert "Retry-After" not in answer.headers
    assert answer.headers["X-RateLimit-Remaining"] == "0"


def test_who_goes_away_while_it_waits_hurts_nobody(web: WebServer) -> None:
    key = key_of(web, "hasty")

    def go_away() -> None:
        with pytest.raises(requests.ReadTimeout):
            requests.get(f"{web.url}/api/v1/events?wait=4", headers=key, timeout=1)

    began_s = time.monotonic()
    with ThreadPoolExecutor(5) as pool:
        for gone in [pool.submit(go_away) for _ in range(5)]:
            gone.result()
    await_true(lambda: web.held() == 0, within_s=HELD_WITHIN_S)
    time.sleep(max(0.0, began_s + 6 - time.monotonic()))  # when their time would have been over
    assert requests.get(f"{web.url}/api/v1/key", headers=key, timeout=10).status_code == 200


def test_who_waits_is_answered_when_the_server_stops(web: WebServer) -> None:
    """It starts the server again: tests run in any order."""
    clients = Clients(web, 10, key_of(web, "last"), "wait=20")
    await_true(lambda: web.held() == 10, within_s=HELD_WITHIN_S)
    began_s = time.monotonic()
    web.process.terminate()
    try:
        web.process.wait(20)
    except subprocess.TimeoutExpired:
        pytest.fail(web.output)
    assert time.monotonic() - began_s < 10
    assert {answer.status_code for _, answer in clients.join()} == {200}
    assert [answer.json()["results"] for _, answer in clients.answers] == [[]] * 10
    web.start()
