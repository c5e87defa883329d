"""One's own tasks: the list, what a check found, and the feed of ends."""

import threading
import time
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection, connections
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import Settings
from rest_framework.test import APIClient

from catalog.api import holding
from catalog.api.waiting import LONGEST_SHARE, News, Wait
from catalog.models import ApiKey, ApiKeyDay, EventClock, Job, Track
from catalog.selectors.events import last_number
from catalog.services.api_keys import revoke_key
from catalog.services.tasks import accepting, leasing
from tests.conftest import client_of
from tests.rows import make_check, make_match, make_track

TASKS, EVENTS = "/api/v1/task", "/api/v1/events"


def end(job: Job) -> Job:
    """Take a job and end it well, as a worker does."""
    held = leasing.claim(job.pk)
    assert held
    assert leasing.end_in_success(held)
    return held


def asked(track: Track, name: str = Job.Name.ADD) -> Job:
    """Accept a task."""
    return accepting.accept_job(track=track, owner=track.owner, task_name=name)


def answer_of(api: APIClient, url: str) -> Any:
    """Get an address that answers 200."""
    answer = api.get(url)
    assert answer.status_code == 200, answer.content
    return answer.json()


def test_a_task_says_what_its_callback_said_and_which_track_it_is_about(api: APIClient, owner: User) -> None:
    track = make_track(owner)
    job = make_check(track, found=make_track(owner))
    waits = asked(track)
    first, second = answer_of(api, TASKS)["results"]
    more = {"musicId": str(track.music_id), "created_at": first["created_at"]}
    assert first == {"task_id": waits.task_id, "task_name": "add_audio_in_index", "status": "pending"} | more
    assert {name: second[name] for name in job.callback_body} == job.callback_body
    assert second.keys() - job.callback_body.keys() == more.keys()


def test_filters_of_tasks(api: APIClient, owner: User) -> None:
    one, other = make_track(owner), make_track(owner)
    old, new, waits = make_check(one), make_check(other), asked(one)
    Job.objects.filter(pk=old.pk).update(completed_at=timezone.now() - timedelta(days=2))
    day = (timezone.now() - timedelta(days=1)).strftime("%Y-%m-%dT%H:%M:%S.%f")
    expected = {
        "": [waits, new, old],
        "status=pending": [waits],
        "status=success": [new, old],
        "status=failure": [],
        "task_name=check_is_same": [new, old],
        f"musicId={one.music_id}": [waits, old],
        f"ended_after={day}": [new],
        f"ended_after={day}Z": [new],
    }
    for query, jobs in expected.items():
        rows = answer_of(api, f"{TASKS}?{query}")["results"]
        assert [row["task_id"] for row in rows] == [job.task_id for job in jobs], query


@pytest.mark.parametrize("query", ["status=done", "task_name=add", "musicId=x", "ended_after=x", "x=1", "cursor=%00"])
def test_bad_filters_of_tasks_are_422(api: APIClient, query: str) -> None:
    assert set(api.get(f"{TASKS}?{query}").json()["errors"]) == {query.split("=", maxsplit=1)[0]}


def test_pages_of_tasks(api: APIClient, owner: User, outsider: User) -> None:
    track = make_track(owner)
    jobs = [make_check(track) for _ in range(5)]
    make_check(make_track(outsider))
    first = answer_of(api, f"{TASKS}?limit=3")
    second = answer_of(api, f"{TASKS}?limit=3&cursor={first['next_cursor']}")
    found = [row["task_id"] for page in (first, second) for row in page["results"]]
    assert found == [job.task_id for job in reversed(jobs)]
    assert second["next_cursor"] is None


def test_matches_of_a_check(api: APIClient, owner: User, outsider: User) -> None:
    track, reference = make_track(owner), make_track(outsider, title="Summer Breeze")
    job = make_match(track, reference).job
    told = answer_of(api, f"{TASKS}/result/{job.task_id}/matches")
    assert (told["task_id"], told["status"]) == (job.task_id, "success")
    (match,) = told["matches"]
    assert (match["musicId"], match["title"]) == (str(reference.music_id), "Summer Breeze")
    assert match["is_copy"] is True
    assert (match["relation"], match["alteration"]["words"]) == ("excerpt", "An excerpt, 0:04 to 0:25, sped up 6 %")
    numbers = {"tempo_ratio": 1.06, "pitch_semitones": 1.0, "offset_s": 4.0}
    assert {name: match["alteration"][name] for name in numbers} == numbers
    assert (match["query_share"], match["reference_share"], match["chance"]) == (0.92, 0.31, 2.5e-8)
    assert match["segments"] == [
        {
            "query_start_s": 0.0,
            "query_end_s": 20.0,
            "reference_start_s": 4.0,
            "reference_end_s": 25.2,
            "similarity": 0.7,
        }
    ]
    waits = asked(track, Job.Name.CHECK)
    told = answer_of(api, f"{TASKS}/result/{waits.task_id}/matches")
    assert told == {"task_id": waits.task_id, "status": "pending", "matches": []}


def test_numbers_of_questions_are_fixed(api: APIClient, owner: User) -> None:
    track = make_track(owner)
    job = make_match(track, make_track(owner)).job
    urls = [TASKS, EVENTS, f"{TASKS}/result/{job.task_id}/matches", "/api/v1/key"]
    api.get(TASKS)
    counts = []
    for _ in range(2):
        counts.append([])
        for url in urls:
            with CaptureQueriesContext(connection) as queries:
                answer_of(api, url)
            counts[-1].append(len(queries))
        for _ in range(5):
            make_match(track, make_track(owner), job=job)
            end(asked(track))
    # A feed without anything new is not read.
    assert counts == [[3, 3, 4, 4], [3, 4, 4, 4]]


def test_another_accounts_tasks_are_not_seen(outsider_api: APIClient, owner: User) -> None:
    job = make_match(make_track(owner), make_track(owner)).job
    end(asked(make_track(owner)))
    assert outsider_api.get(f"{TASKS}/result/{job.task_id}/matches").status_code == 404
    assert outsider_api.get(f"{TASKS}?cursor={job.task_id}").status_code == 422
    assert answer_of(outsider_api, TASKS)["results"] == []
    assert answer_of(outsider_api, EVENTS)["results"] == []


def test_events_come_once_and_in_the_order_of_the_ends(api: APIClient, owner: User) -> None:
    track = make_track(owner)
    first, second = asked(track), asked(track, Job.Name.CHECK)
    assert answer_of(api, EVENTS) == {"results": [], "next_after": "0"}
    ended = [end(second), end(first)]
    told = answer_of(api, EVENTS)
    assert told["results"] == [job.callback_body for job in ended]
    after = told["next_after"]
    assert answer_of(api, f"{EVENTS}?after={after}")["results"] == []
    third = end(asked(track))
    assert answer_of(api, f"{EVENTS}?after={after}")["results"] == [third.callback_body]
    assert answer_of(api, f"{EVENTS}?after=latest") == {"results": [], "next_after": str(int(after) + 1)}


def test_a_feed_has_a_hundred_at_once(api: APIClient, owner: User) -> None:
    track, now = make_track(owner), timezone.now()
    Job.objects.bulk_create(
        Job(task_id=f"task_20260101000000_{number:08}", task_name="check_is_same", track=track, owner=owner,
            status="success", completed_at=now, end_number=number)
        for number in range(1, 151)
    )  # fmt: skip
    EventClock.objects.create(owner=owner, last_number=150)
    told = answer_of(api, EVENTS)
    assert (len(told["results"]), told["next_after"]) == (100, "100")
    assert len(answer_of(api, f"{EVENTS}?after=100")["results"]) == 50


@pytest.mark.parametrize(
    "query", ["after=x", "after=-1", "wait=21", "wait=x", "wait=-1", "wiat=1", f"after={'9' * 30}"]
)
def test_bad_feeds_are_422(api: APIClient, query: str) -> None:
    assert set(api.get(f"{EVENTS}?{query}").json()["errors"]) == {query.split("=", maxsplit=1)[0]}


def test_a_server_that_holds_no_request_answers_at_once(api: APIClient) -> None:
    answer = api.get(f"{EVENTS}?wait=20")
    assert answer.json() == {"results": [], "next_after": "0"}
    assert answer["Retry-After"] == "5"


def test_a_server_that_holds_requests_is_told_for_what(api: APIClient, owner: User) -> None:
    """And answers anew what was held: without counting it again, and from where it began to wait."""
    may_wait: dict[str, list[Wait]] = {holding.HELD: []}
    ended = end(asked(make_track(owner)))
    has_news = api.get(f"{EVENTS}?after=0&wait=20", **may_wait)
    assert holding.WAITS not in has_news.wsgi_request.META
    held = api.get(f"{EVENTS}?after=latest&wait=20", **may_wait)
    assert "Retry-After" not in held
    wait = held.wsgi_request.META[holding.WAITS]
    assert (wait.owner_id, wait.after) == (owner.pk, 1)
    assert 19 < wait.ends_s - time.monotonic() <= 20 * LONGEST_SHARE
    assert Wait.happened([wait]) == {}

    news = end(asked(ended.track))
    happened = Wait.happened([wait])
    assert set(happened) == {wait}
    calls = ApiKeyDay.objects.get().calls
    again = {holding.WAITED: wait, holding.NEWS: happened[wait]}
    answer = api.get(f"{EVENTS}?after=latest&wait=20", **again)
    assert answer.json() == {"results": [news.callback_body], "next_after": "2"}
    assert ApiKeyDay.objects.get().calls == calls


def test_clients_that_come_together_do_not_come_back_together(api: APIClient) -> None:
    """As after a restart: all of them would ask at the same moment, every twenty seconds."""
    waits = [api.get(f"{EVENTS}?wait=20", **{holding.HELD: []}).wsgi_request.META[holding.WAITS] for _ in range(30)]
    ends_s = [wait.ends_s - time.monotonic() for wait in waits]
    assert max(ends_s) - min(ends_s) > 0.5


def test_clients_that_waited_share_what_is_read(api: APIClient, owner: User) -> None:
    """Ends that come one after the other are told together, and read once; nothing is read where none came."""
    first = end(asked(make_track(owner)))
    api.get(EVENTS)  # the key's first use
    waits = [Wait(owner.pk, 1, float(number)) for number in range(3)]
    assert Wait.happened(waits) == {}
    empty, asked_empty = told_after_wait(api, waits[0], None)
    assert empty == {"results": [], "next_after": "1"}
    ended = [end(asked(first.track)) for _ in range(2)]
    late = Wait(owner.pk, 2, 0.0)  # it has heard of one of them
    happened = Wait.happened([*waits, late])
    asked_with_news = []
    for wait in waits:
        told, count = told_after_wait(api, wait, happened[wait])
        assert told == {"results": [job.callback_body for job in ended], "next_after": "3"}
        asked_with_news.append(count)
    assert asked_with_news == [asked_empty + 1, asked_empty, asked_empty]
    assert told_after_wait(api, late, happened[late])[0] == {"results": [ended[1].callback_body], "next_after": "3"}


def told_after_wait(api: APIClient, wait: Wait, news: News | None) -> tuple[Any, int]:
    """Have a request answered that was held; return its body, and how often the database was asked."""
    with CaptureQueriesContext(connection) as queries:
        answer = api.get(f"{EVENTS}?after=latest&wait=20", **{holding.WAITED: wait, holding.NEWS: news})
    return answer.json(), len(queries)


def test_a_key_that_was_revoked_meanwhile_is_not_answered(api: APIClient, owner: User) -> None:
    wait = Wait(owner.pk, 0, 0.0)
    end(asked(make_track(owner)))
    revoke_key(key=ApiKey.objects.get())
    again = {holding.WAITED: wait, holding.NEWS: Wait.happened([wait])[wait]}
    assert api.get(f"{EVENTS}?wait=20", **again).status_code == 404


@pytest.mark.parametrize(
    ("of_others", "of_owner", "is_held"), [(6, 0, True), (7, 0, False), (0, 2, True), (0, 3, False), (4, 3, False)]
)
def test_no_more_are_held_than_the_settings_say(
    api: APIClient, owner: User, settings: Settings, of_others: int, of_owner: int, is_held: bool
) -> None:
    settings.EVENT_WAITERS, settings.EVENT_WAITERS_PER_ACCOUNT = 7, 3
    held = [Wait(owner.pk + 1, 0, 0.0)] * of_others + [Wait(owner.pk, 0, 0.0)] * of_owner
    answer = api.get(f"{EVENTS}?wait=20", **{holding.HELD: held})
    assert answer.get("Retry-After") == (None if is_held else "5")
    assert (holding.WAITS in answer.wsgi_request.META) == is_held


def test_a_cursor_of_another_database_is_422(api: APIClient) -> None:
    assert set(api.get(f"{EVENTS}?after=7").json()["errors"]) == {"after"}


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_no_end_is_missed_by_who_reads_while_many_end(owner: User) -> None:
    """Workers end tasks side by side; whoever goes from cursor to cursor meanwhile sees each one once."""
    track = make_track(owner)
    jobs = [asked(track).pk for _ in range(60)]

    def work(mine: list[int]) -> None:
        for job_id in mine:
            end(Job.objects.get(pk=job_id))
        connections.close_all()

    workers = [threading.Thread(target=work, args=(jobs[number::3],)) for number in range(3)]
    for worker in workers:
        worker.start()
    reader, seen, after = client_of(owner), [], "0"
    while True:
        working = any(worker.is_alive() for worker in workers)
        told = answer_of(reader, f"{EVENTS}?after={after}")
        seen += [body["task_id"] for body in told["results"]]
        after = told["next_after"]
        if not working and not told["results"]:
            break
    assert sorted(seen) == sorted(Job.objects.values_list("task_id", flat=True))
    assert last_number(owner.pk) == 60 == EventClock.objects.get().last_number


def test_what_a_key_may_do(api: APIClient, owner: User, settings: Settings) -> None:
    make_track(owner)
    settings.ACCOUNT_MAX_TRACKS = 7
    told = answer_of(api, "/api/v1/key")
    assert (told["account"], told["tier"], told["tracks"]) == ("owner", "custom", 1)
    assert told["limits"]["calls_per_minute"] == 1000
    assert (told["limits"]["tracks"], told["limits"]["tracks_mb"]) == (7, None)
    assert (told["limits"]["resumable_mb"], told["limits"]["fingerprint_kb"]) == (500, 2500)
    assert told["use"][-1]["calls"] == 1
    assert len(told["use"]) == 30
    assert "mfp_" not in str(told)
