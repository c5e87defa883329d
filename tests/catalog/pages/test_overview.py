"""The overview: what to do first, what needs a person, what ran."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from catalog.models import IndexOperation, Job, QueueHeartbeat
from catalog.selectors import overview
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
    assert "Nothing needs you" in desk.get(HOME).content.decode()


def test_what_needs_somebody(desk: Client, owner: User) -> None:
    make_match(make_track(owner), make_track(owner))
    Job.objects.filter(pk=make_check(make_track(owner)).pk).update(status="failure", result=None, error="No.")
    Endpoint.objects.create(owner=owner, url="https://x.example", sealed_secret="x", failing_since=timezone.now())
    QueueHeartbeat.objects.create(cluster="webhooks", sent_at=timezone.now() - timedelta(minutes=5))
    page = " ".join(desk.get(HOME).content.decode().split())
    for words in ("duplicate to review", "callback URL failing", "task failed in a day", "workers do not answer"):
        assert words in page


def test_running(owner: User) -> None:
    job = make_check(make_track(owner))
    Job.objects.filter(pk=job.pk).update(
        status="processing", completed_at=None, result=None, lease_token="7a0c3f36-53f1-4d6d-9f05-8c6d2e9d6f01"
    )
    now = overview.running()
    assert (now.jobs, now.waiting, now.oldest_waiting_at) == ([job], 0, None)


def test_last_hour(owner: User) -> None:
    make_match(make_track(owner), make_track(owner))
    old = make_check(make_track(owner))
    now = timezone.now()
    Job.objects.update(completed_at=now - timedelta(seconds=1))
    Job.objects.filter(pk=old.pk).update(completed_at=now - timedelta(minutes=61))
    hour = overview.last_hour()
    assert (hour.checks, hour.adds, hour.duplicates, hour.failures) == (1, 0, 1, 0)
    assert hour.bars == [0] * 11 + [1]


def test_indexed_tracks_are_those_last_added(db: None) -> None:
    for sequence, (kind, key) in enumerate([("add", 1), ("add", 2), ("remove", 1), ("add", 2), ("add", 3)], 1):
        IndexOperation.objects.create(sequence=sequence, kind=kind, track_key=key, version="1")
    assert overview.indexed_count() == 2


def test_latest_matches_show_both_waveforms(desk: Client, owner: User) -> None:
    drawn = make_audio_file(peaks=bytes(range(200)))
    make_match(make_track(owner, audio_file=drawn, title="Drawn"), make_track(owner, title="Not drawn"))
    page = desk.get(HOME).content.decode()
    assert "Drawn" in page
    assert '<path d="M1 ' in page


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
