"""The overview: what to do first, what needs a person, what ran."""

import re
import uuid
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from catalog.models import IndexOperation, Job, Scan
from catalog.pages.overview import BARS_HEIGHT, hour_bars
from catalog.selectors import overview
from catalog.services.tasks import leasing
from queueing.models import QueueHeartbeat
from tests.rows import make_audio_file, make_check, make_match, make_track
from webhooks.models import Endpoint

HOME = "/admin/"


def test_empty_catalog_says_what_to_do(desk: Client) -> None:
    page = desk.get(HOME).content.decode()
    for words in ("The catalog is empty", "/admin/catalog/track/add/", "import_music FOLDER", "/api/docs/"):
        assert words in page
    assert page.count("curl -H") == 3


def test_nothing_needs_anybody(desk: Client, owner: User) -> None:
    make_track(owner)
    assert "Nothing needs your attention" in desk.get(HOME).content.decode()


def test_sidebar_counts_what_waits_and_nothing_where_nothing_does(desk: Client, owner: User) -> None:
    counted = re.compile(r'id="count-duplicate-review"[^>]*>(\d*)</span>')
    for url in (HOME, "/catalog/sidebar/"):
        assert counted.findall(desk.get(url).content.decode()) == [""]
    make_match(make_track(owner), make_track(owner))
    for url in (HOME, "/catalog/sidebar/"):
        assert counted.findall(desk.get(url).content.decode()) == ["1"]


def test_sidebar_counts_nothing_that_may_not_be_seen(client: Client, owner: User) -> None:
    make_match(make_track(owner), make_track(owner))
    client.force_login(User.objects.create_user("visitor", is_staff=True))
    assert "count-duplicate-review" not in client.get("/catalog/sidebar/").content.decode()


def test_what_needs_somebody(desk: Client, owner: User) -> None:
    make_match(make_track(owner), make_track(owner))
    Job.objects.filter(pk=make_check(make_track(owner)).pk).update(status="failure", result=None, error="No.")
    Endpoint.objects.create(owner=owner, url="https://x.example", sealed_secret="x", failing_since=timezone.now())
    QueueHeartbeat.objects.create(cluster="webhooks", sent_at=timezone.now() - timedelta(hours=1))
    page = " ".join(desk.get(HOME).content.decode().split())
    for words in (
        "duplicate to review",
        "callback URL failing or not verified",
        "task failed in the last day",
        "workers do not answer",
    ):
        assert words in page


def test_workers_with_much_to_do_are_not_said_to_be_silent(desk: Client, owner: User) -> None:
    """A canary waits behind a hundred tasks, each of which ends: the card and the badge of the queue say the same."""
    make_track(owner)
    now = timezone.now()
    QueueHeartbeat.objects.create(
        cluster="webhooks", sent_at=now - timedelta(hours=1), answered_at=now - timedelta(hours=2), acknowledged_at=now
    )
    assert "do not answer" not in desk.get(HOME).content.decode()
    QueueHeartbeat.objects.update(acknowledged_at=now - timedelta(hours=1))
    assert "do not answer" in desk.get(HOME).content.decode()


def test_running(owner: User) -> None:
    job = make_check(make_track(owner))
    Job.objects.filter(pk=job.pk).update(
        status="processing", completed_at=None, result=None, lease_token="7a0c3f36-53f1-4d6d-9f05-8c6d2e9d6f01"
    )
    now = overview.running()
    assert (now.jobs, now.more_jobs, now.waiting, now.oldest_waiting_at) == ([job], 0, 0, None)


def test_running_jobs_tell_their_stage(desk: Client, owner: User) -> None:
    for _ in range(7):
        job = make_check(make_track(owner))
        token = uuid.uuid4()
        Job.objects.filter(pk=job.pk).update(status="processing", completed_at=None, result=None, lease_token=token)
        job.refresh_from_db()
        leasing.note_stage(job, "search")
    page = desk.get(HOME).content.decode()
    assert page.count('max="3" value="3"') == overview.SHOWN_RUNNING
    assert "and 2 more" in page
    job.refresh_from_db()
    assert job.stage == "search"
    assert leasing.end_in_success(job)
    job.refresh_from_db()
    assert job.stage == ""


def test_a_lost_job_says_no_stage(owner: User) -> None:
    job = make_check(make_track(owner))
    job.lease_token = uuid.uuid4()
    leasing.note_stage(job, "search")
    job.refresh_from_db()
    assert "stage" not in job.detail


def test_queues_and_the_scan(desk: Client, owner: User, staff: User) -> None:
    make_track(owner)
    now = timezone.now()
    QueueHeartbeat.objects.create(cluster="fingerprint", sent_at=now - timedelta(seconds=3), answered_at=now)
    QueueHeartbeat.objects.create(cluster="webhooks", sent_at=now - timedelta(hours=1))
    Scan.objects.create(started_by=staff, last_track=9, total=400, searched=100, worked_s=50.0)
    page = " ".join(desk.get(HOME).content.decode().split())
    for words in ("answered in 3.0 s", "does not answer", "100 of 400 tracks", "2 min of work left", "0 tasks waiting"):
        assert words in page


def test_how_far_the_index_file_is_behind(desk: Client, owner: User) -> None:
    make_track(owner)
    for sequence in range(1, 13):
        IndexOperation.objects.create(sequence=sequence, kind="add", track_key=sequence, version="1")
    assert "12 changes since its file" in desk.get(HOME).content.decode()


def test_last_hour(owner: User) -> None:
    make_match(make_track(owner), make_track(owner))
    old = make_check(make_track(owner))
    now = timezone.now()
    Job.objects.update(completed_at=now - timedelta(seconds=1))
    Job.objects.filter(pk=old.pk).update(completed_at=now - timedelta(minutes=61))
    hour = overview.last_hour()
    assert (hour.checks, hour.adds, hour.duplicates, hour.failures) == (1, 0, 1, 0)
    assert [bar.count for bar in hour.bars] == [0] * 11 + [1]


def test_failures_stand_out_in_the_last_hour(desk: Client, owner: User) -> None:
    for _ in range(200):
        make_check(make_track(owner))
    failed = make_check(make_track(owner))
    Job.objects.filter(pk=failed.pk).update(status="failure", result=None, error="No.")
    Job.objects.update(completed_at=timezone.now() - timedelta(seconds=1))
    newest = hour_bars(overview.last_hour().bars)[-1]
    assert newest.failed == 2, "one of two hundred is still seen"
    assert newest.good + newest.failed <= BARS_HEIGHT
    assert newest.words == "5 to 0 min ago: 201 ended, 1 failed"
    assert desk.get(HOME).content.decode().count("mf-bar-failed") == 1


def test_indexed_tracks_are_those_last_added(db: None) -> None:
    for sequence, (kind, key) in enumerate([("add", 1), ("add", 2), ("remove", 1), ("add", 2), ("add", 3)], 1):
        IndexOperation.objects.create(sequence=sequence, kind=kind, track_key=key, version="1")
    assert overview.indexed_count() == 2


def test_latest_matches_show_both_waveforms(desk: Client, owner: User) -> None:
    drawn = make_audio_file(peaks=bytes(range(200)))
    make_match(make_track(owner, audio_file=drawn, title="Drawn"), make_track(owner, title="Not drawn"))
    page = desk.get(HOME).content.decode()
    assert "Drawn" in page
    assert 'class="mf-bars-a" d="M' in page
    assert 'class="mf-bars-b" d=""' in page
    assert page.count("<polygon") == 1


def test_no_query_for_each_row(desk: Client, owner: User) -> None:
    def count() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert desk.get(HOME).status_code == 200
        return len(queries)

    make_match(make_track(owner), make_track(owner))
    count()
    with_one = count()
    for _ in range(5):
        make_match(make_track(owner), make_track(owner))
    assert count() == with_one


@pytest.mark.parametrize("path", [HOME, "/admin/catalog/track/", "/admin/catalog/job/", "/admin/catalog/apikey/add/"])
def test_refused(client: Client, outsider_desk: Client, path: str) -> None:
    assert client.get(path)["Location"].startswith("/admin/login/")
    assert outsider_desk.get(path).status_code == 302, "the admin asks for another account"


def test_readers_see_it(reading_desk: Client, owner: User) -> None:
    make_match(make_track(owner), make_track(owner))
    assert reading_desk.get(HOME).status_code == 200
