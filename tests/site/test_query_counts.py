"""How often each staff page asks the database: a fixed number, however much is in the tables."""

from datetime import time, timedelta
from itertools import pairwise

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from catalog.models import ApiKey, AudioFile, BulkWork, Decision, Job, Match, Rule, RuleRun, Scan, ScanSchedule, Track
from catalog.services.api_keys import create_key
from tests.rows import make_match, make_track
from webhooks.models import Attempt, Endpoint, Message, Received
from webhooks.services import create_source, store_endpoint

pytestmark = pytest.mark.slow
COUNTS = {
    "overview": 25,
    "review": 18,
    "all of waiting pair": 10,
    "scans": 11,
    "scan": 7,
    "uses": 6,
    "callback health": 7,
    "all of track": 9,
    "all of task": 7,
    "all of match": 7,
    "all of key": 7,
    "all of bulk action": 7,
    "all of rule": 7,
    "all of callback URL": 7,
    "all of callback out": 9,
    "all of callback in": 7,
    "track": 13,
    "task": 8,
    "match": 10,
    "key": 9,
    "bulk action": 7,
    "rule": 11,
    "callback URL": 15,
    "callback out": 8,
    "callback in": 6,
}


def fill(count: int) -> None:
    """Add rows of everything that the pages show."""
    now = timezone.now()
    for number in range(Track.objects.count(), Track.objects.count() + count):
        owner = User.objects.create_user(f"owner-{number}")
        make_match(make_track(owner), make_track(owner), verdict="contains", query_coverage=0.1)  # a mix
        job = make_match(make_track(owner), make_track(owner)).job
        endpoint = store_endpoint(owner=owner, url=f"https://receiver{number}.example/hook")
        source, _ = create_source(slug=f"peer-{number}")
        create_key(owner=owner)
        BulkWork.objects.create(kind="check", track_ids=[1], total=1, asked_by=owner)
        add_rule(number, owner)
        message = Message.objects.create(
            message_id=f"msg_{number}", endpoint=endpoint, event="check_is_same", event_key="k", subject=job.task_id,
            body="{}", state="failed", attempt_count=2, schedule_start=now, next_attempt_at=now, created_at=now,
        )  # fmt: skip
        for attempt in (1, 2):
            Attempt.objects.create(message=message, number=attempt, started_at=now, ended_at=now, status=500)
        Received.objects.create(
            source=source, message_id="m", event="check_is_same", status="success", task_id=job.task_id, body="{}",
            mippia_verified=True, standard_verified=True, first_seen_at=now, last_seen_at=now + timedelta(seconds=1),
        )  # fmt: skip
        scan = Scan.objects.create(status="done", ended_at=now, last_track=1, total=1, started_by=owner)
        ScanSchedule.objects.create(at=time(3), next_at=now, last_scan=scan, set_by=owner)
    tracks = Track.objects.order_by("pk")[: count + 1]  # no new ones: what fits on a list's page is not counted
    for query, reference in pairwise(tracks):
        Match.objects.filter(pk=make_match(query, reference, job=job).pk).update(job=None, scan=scan)
    AudioFile.objects.update(peaks=b"x", cutoff_hz=16_000)  # or the pages would ask for the waveforms, once in a while


def add_rule(number: int, owner: User) -> None:
    """Add a rule that has decided all that any rule has, by matches that wait on."""
    rule = Rule.objects.create(kind="allowed", of="artist", value=str(number), made_by=owner)
    mix, match = Match.objects.filter(verdict="contains").latest("pk"), Match.objects.latest("pk")
    pair = {"first_track": mix.query_track, "second_track": match.query_track}
    Decision.objects.create(**pair, verdict="allowed", rule=rule, match=match)
    Decision.objects.update(rule=rule)
    found = Match.objects.values_list("pk", flat=True)[:50]
    examples = [{"match": pk, "verdict": "allowed", "keeper": None} for pk in found]
    RuleRun.objects.create(rule=rule, is_try=True, asked_by=owner, last_match=1, examples=examples)


def pages() -> dict[str, str]:
    """Return the address of each page by its name; of single ones the page of the newest row."""
    newest = {
        "track": ("catalog/track", Track), "task": ("catalog/job", Job), "match": ("catalog/match", Match),
        "key": ("catalog/apikey", ApiKey), "bulk action": ("catalog/bulkwork", BulkWork),
        "rule": ("catalog/rule", Rule),
        "callback URL": ("webhooks/endpoint", Endpoint), "callback out": ("webhooks/message", Message),
        "callback in": ("webhooks/received", Received),
    }  # fmt: skip
    lists = {f"all of {name}": f"/admin/{table}/" for name, (table, _) in newest.items()}
    lists["all of waiting pair"] = "/admin/catalog/waitingpair/"
    single = {
        name: f"/admin/{table}/{model.objects.order_by('pk').last().pk}/change/"
        for name, (table, model) in newest.items()
    }
    return {
        "overview": "/admin/",
        "review": "/catalog/review/",
        "scans": "/catalog/scan/",
        "scan": f"/catalog/scan/{Scan.objects.latest('pk').pk}/",
        "uses": "/catalog/uses/",
        "callback health": "/admin/webhooks/endpoint/over-time/",
        **lists,
        **single,
    }


def asked(desk: Client, url: str) -> int:
    """Open a page and count what it asked the database."""
    with CaptureQueriesContext(connection) as queries:
        assert desk.get(url).status_code == 200
    return len(queries)


def test_each_page_asks_a_fixed_number_of_times(staff: User) -> None:
    desk = Client()
    desk.force_login(staff)
    fill(2)
    for url in pages().values():
        desk.get(url)  # the first request fills caches
    few = {name: asked(desk, url) for name, url in pages().items()}
    fill(6)  # with those before, tracks for one page: what is on several is counted
    many = {name: asked(desk, url) for name, url in pages().items()}
    assert few == many
    if connection.vendor != "sqlite":
        return  # the numbers are those of the embedded default
    changed = {name: (COUNTS.get(name), many.get(name)) for name in COUNTS | many}
    assert {name: both for name, both in changed.items() if both[0] != both[1]} == {}
