"""One number for each thing that is counted, wherever it is shown: a walk over the pages of a site with known rows."""

import re
from datetime import timedelta
from html import unescape

import pytest
from django.contrib.auth.models import User
from django.core.cache import cache
from django.test import Client
from django.utils import timezone
from django_q.models import OrmQ

from catalog.models import Job
from tests.rows import make_check, make_copy, make_match, make_track
from tests.webhooks.filled import fill_url
from webhooks.models import Endpoint, Message

WAITING, RUNNING, FAILED, FAILED_BEFORE, PAIRS, MIXES = 7, 2, 3, 4, 5, 9
CALLBACKS, SENDING, LOST = 6, 1, 8
OF_STATUS: dict[str, dict[str, object]] = {
    "pending": {"completed_at": None, "started_at": None},
    "processing": {"completed_at": None, "lease_token": "7a0c3f36-53f1-4d6d-9f05-8c6d2e9d6f01"},
    "failure": {"error": "No."},
}


@pytest.fixture
def site(owner: User) -> Endpoint:
    """A site with so many of each, and more entries in its queues than of all together."""
    cache.clear()
    now = timezone.now()
    track = make_track(owner)
    kinds = [("pending", WAITING), ("processing", RUNNING), ("failure", FAILED), ("failure", FAILED_BEFORE)]
    for place, (status, count) in enumerate(kinds):
        for _ in range(count):
            job = make_check(track)
            Job.objects.filter(pk=job.pk).update(status=status, result=None, **OF_STATUS[status])
            if place == 3:
                Job.objects.filter(pk=job.pk).update(created_at=now - timedelta(days=2))
    for _ in range(PAIRS):
        make_copy(make_track(owner), make_track(owner))
    parts = [make_track(owner) for _ in range(2)]
    for _ in range(MIXES):
        mix = make_track(owner)
        for part in parts:
            make_match(mix, part, verdict="contains", query_coverage=0.1, reference_coverage=0.9)
    for number in range(29):
        OrmQ.objects.create(key="webhooks" if number % 2 else "fingerprints", payload="x", lock=now)
    endpoint = fill_url(owner, delivered=CALLBACKS + SENDING, failed=LOST)
    for troubled in ({"failing_since": now}, {"disabled_at": now}, {"disabled_at": now, "disabled_by_owner": True}):
        Endpoint.objects.create(owner=owner, url=f"https://{len(troubled)}.example", sealed_secret="x", **troubled)
    delivered = list(Message.objects.filter(state="delivered").values_list("pk", flat=True))
    Message.objects.filter(pk__in=delivered[:CALLBACKS]).update(state="pending", delivered_at=None)
    Message.objects.filter(pk__in=delivered[CALLBACKS:]).update(state="delivering", delivered_at=None)
    return endpoint


def words(desk: Client, url: str) -> str:
    """Return a page's text on one line."""
    answer = desk.get(url)
    assert answer.status_code == 200, url
    return " ".join(re.sub(r"<[^>]*>", " ", answer.content.decode()).split())


def rows(desk: Client, url: str) -> int:
    """Return how many rows a list has."""
    return int(desk.get(url).context["cl"].result_count)


def linked(page: str, name: str) -> str:
    """Return where the link of this id leads."""
    found = re.search(rf'id="{name}" href="([^"]+)"', page)
    assert found, name
    return unescape(found[1])


@pytest.mark.slow
def test_each_number_is_the_same_everywhere(desk: Client, site: Endpoint) -> None:
    overview, raw = words(desk, "/admin/"), desk.get("/admin/").content.decode()
    assert f"{WAITING} waiting" in overview
    assert f"{WAITING} tasks waiting" in overview
    assert "in the queue" not in overview
    assert rows(desk, linked(raw, "waiting")) == WAITING
    assert raw.count('id="job-') == RUNNING == rows(desk, "/admin/catalog/job/?status__exact=processing")
    assert f"{FAILED} tasks failed in the last day" in overview
    assert rows(desk, linked(raw, "need-jobs")) == FAILED
    assert f"{LOST} callbacks failed" in overview
    assert rows(desk, linked(raw, "need-callbacks")) == LOST
    assert "2 callback URLs failing or not verified" in overview
    assert rows(desk, linked(raw, "need-endpoints")) == 2
    assert f"{CALLBACKS + SENDING} callbacks waiting" in overview
    assert rows(desk, linked(raw, "callbacks-waiting")) == CALLBACKS + SENDING


def test_callbacks_are_counted_alike_on_their_pages(desk: Client, site: Endpoint) -> None:
    cells = desk.get("/admin/webhooks/endpoint/").content.decode()
    assert re.search(rf"field-waiting[^>]*>{CALLBACKS + SENDING}<", cells)
    assert re.search(rf"field-failed[^>]*>{LOST}<", cells)
    page = words(desk, f"/admin/webhooks/endpoint/{site.pk}/change/")
    assert f"waiting {CALLBACKS + SENDING} " in page
    assert f"failed {LOST} " in page
    assert f"{LOST} callbacks of the last 7 days failed in every attempt." in page


@pytest.mark.slow
def test_pairs_are_counted_alike_on_their_pages(desk: Client, site: Endpoint) -> None:
    assert f"{PAIRS} duplicates to review" in words(desk, "/admin/")
    assert re.search(rf'id="count-duplicate-review"[^>]*>{PAIRS}<', desk.get("/admin/").content.decode())
    assert f"{PAIRS} left" in words(desk, "/catalog/review/")
    assert rows(desk, "/admin/catalog/waitingpair/") == PAIRS


@pytest.mark.slow
def test_mixes_are_counted_alike_on_their_pages(desk: Client, site: Endpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    raw = desk.get("/admin/").content.decode()
    assert f"{MIXES} recordings with uses to settle" in words(desk, "/admin/")
    page = desk.get(linked(raw, "need-uses"))
    assert f"{MIXES} recordings with uses to settle" in page.content.decode()
    assert len(page.context["mixes"]) == MIXES
    monkeypatch.setattr("catalog.selectors.uses.COUNT_LIMIT", 4)
    monkeypatch.setattr("catalog.presentation.wording.COUNT_LIMIT", 4)
    for url in ("/admin/", "/catalog/uses/"):
        assert "4+ recordings with uses to settle" in words(desk, url)
