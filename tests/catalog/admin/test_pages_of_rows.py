"""Pages of single rows: tasks, matches, decisions, keys, and the read-only tables."""

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from catalog.models import ApiKey, Decision, Fingerprint, IndexOperation, Job
from catalog.services.api_keys import create_key, find_key
from catalog.services.decisions import decide
from tests.rows import make_check, make_match, make_track
from webhooks.models import Attempt, Endpoint, Message


def page_of(client: Client, name: str, key: object) -> str:
    """Open a row's page."""
    response = client.get(reverse(f"admin:catalog_{name}_change", args=[key]))
    assert response.status_code == 200
    return response.content.decode()


def test_task(desk: Client, owner: User) -> None:
    track, found = make_track(owner), make_track(owner, title="Found one")
    job = make_match(track, found).job
    page = page_of(desk, "job", job.pk)
    for words in ("accepted", "fingerprint", "searched", "ended", "Found one", "is_duplicate", "had no callback URL"):
        assert words in page


def test_task_with_its_callback(desk: Client, owner: User) -> None:
    job = make_check(make_track(owner))
    now = timezone.now()
    endpoint = Endpoint.objects.create(owner=owner, url="https://label.example/hook", sealed_secret="x")
    message = Message.objects.create(
        message_id="msg_1",
        endpoint=endpoint,
        event=job.task_name,
        event_key=job.task_id,
        subject=job.task_id,
        body="{}",
        schedule_start=now,
        next_attempt_at=now,
        created_at=now,
    )
    Attempt.objects.create(message=message, number=1, started_at=now, url=endpoint.url, status=500, duration_ms=38)
    page = page_of(desk, "job", job.pk)
    assert "callback 500" in page
    assert "in 38 ms" in page
    assert "https://label.example/hook" in page


def test_failed_task(desk: Client, owner: User) -> None:
    job = make_check(make_track(owner))
    Job.objects.filter(pk=job.pk).update(status="failure", error="The file holds only silence.", result=None)
    assert "The file holds only silence." in page_of(desk, "job", job.pk)


@pytest.mark.parametrize("status", ["pending", "processing"])
def test_task_that_has_not_ended(desk: Client, owner: User, status: str) -> None:
    job = make_check(make_track(owner))
    token = None if status == "pending" else "7a0c3f36-53f1-4d6d-9f05-8c6d2e9d6f01"
    Job.objects.filter(pk=job.pk).update(status=status, completed_at=None, lease_token=token, result=None)
    page = page_of(desk, "job", job.pk)
    assert "The callback is sent when the task ends." in page
    assert 'hx-trigger="every 1s"' in page, "the page looks again by itself"
    assert 'hx-trigger="every 1s"' in desk.get(job.track.get_absolute_url()).content.decode()


def test_run_again(desk: Client, owner: User) -> None:
    job = make_check(make_track(owner))
    response = desk.post(reverse("admin:catalog_job_run_again", args=[job.pk]))
    again = Job.objects.exclude(pk=job.pk).get()
    assert (again.task_name, again.track, again.owner) == (job.task_name, job.track, owner)
    assert response["Location"] == reverse("admin:catalog_job_change", args=[again.pk])


def test_readers_run_nothing_again(reading_desk: Client, owner: User) -> None:
    job = make_check(make_track(owner))
    assert reading_desk.post(reverse("admin:catalog_job_run_again", args=[job.pk])).status_code == 403
    assert Job.objects.count() == 1


def test_match_plays_both(desk: Client, owner: User) -> None:
    one, other = make_track(owner), make_track(owner)
    page = page_of(desk, "match", make_match(one, other).pk)
    for track in (one, other):
        assert reverse("catalog:audio", args=[track.music_id]) in page
    assert reverse("catalog:review_pair", args=[one.pk, other.pk]) in page
    assert "1 in 40 million" in page


def test_match_without_curve_or_segments(desk: Client, owner: User) -> None:
    match = make_match(make_track(owner), make_track(owner), segments=[], similarity_curve=[], similarity_step_s=0)
    assert "no similarity curve" in page_of(desk, "match", match.pk)


def test_decision_is_taken_back(desk: Client, owner: User, staff: User) -> None:
    one, other = make_track(owner), make_track(owner)
    decision = decide(one=one, other=other, verdict="different", keeper=None, decided_by=staff)
    assert "Undo this decision" in page_of(desk, "decision", decision.pk)
    desk.post(reverse("admin:catalog_decision_take_back", args=[decision.pk]))
    assert Decision.objects.get().undone_at is not None
    assert "Undo this decision" not in page_of(desk, "decision", decision.pk)


def test_readers_take_nothing_back(reading_desk: Client, owner: User, staff: User) -> None:
    decision = decide(one=make_track(owner), other=make_track(owner), verdict="same", keeper=None, decided_by=staff)
    assert reading_desk.post(reverse("admin:catalog_decision_take_back", args=[decision.pk])).status_code == 403


def test_key_is_shown_once_and_works(desk: Client, owner: User) -> None:
    response = desk.post(reverse("admin:catalog_apikey_add"), {"owner": owner.pk, "tier": "free", "label": "laptop"})
    row = ApiKey.objects.get()
    shown = response.content.decode().split("data-secret>")[1]
    assert "data-copy" in shown
    key = shown.split("<pre")[1].split(">")[1].split("<")[0]
    assert find_key(key) == row
    assert "no-store" in response["Cache-Control"]
    assert key not in page_of(desk, "apikey", row.pk)
    assert key not in desk.get(reverse("admin:catalog_apikey_changelist")).content.decode()
    assert row.key_hash not in page_of(desk, "apikey", row.pk)


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"tier": "custom"}, "Enter how many calls per minute"),
        ({"tier": "free", "expires_at_0": "2020-01-01", "expires_at_1": "00:00"}, "This is in the past."),
        ({"tier": "none"}, "Select a valid choice"),
    ],
)
def test_key_form_refuses(desk: Client, owner: User, values: dict[str, str], reason: str) -> None:
    page = desk.post(reverse("admin:catalog_apikey_add"), {"owner": owner.pk} | values).content.decode()
    assert reason in page
    assert not ApiKey.objects.exists()


def test_key_form_opens(desk: Client) -> None:
    assert desk.get(reverse("admin:catalog_apikey_add")).status_code == 200


def test_key_is_revoked(desk: Client, owner: User) -> None:
    row, text = create_key(owner=owner)
    desk.post(reverse("admin:catalog_apikey_revoke", args=[row.pk]))
    assert find_key(text) is None
    assert "revoked" in page_of(desk, "apikey", row.pk)


def test_readers_make_and_revoke_no_key(reading_desk: Client, owner: User) -> None:
    row, text = create_key(owner=owner)
    assert reading_desk.get(reverse("admin:catalog_apikey_add")).status_code == 403
    assert reading_desk.post(reverse("admin:catalog_apikey_revoke", args=[row.pk])).status_code == 403
    assert find_key(text) == row


def test_read_only_tables(desk: Client, owner: User) -> None:
    track = make_track(owner)
    fingerprint = Fingerprint.objects.create(
        audio_file=track.audio_file, version="1", data=b"x", size_bytes=1, duration_s=30.0
    )
    operation = IndexOperation.objects.create(sequence=1, kind="add", track_key=track.pk, version="1")
    rows = {"fingerprint": fingerprint.pk, "audiofile": track.audio_file_id, "indexoperation": operation.pk}
    for name, key in rows.items():
        page_of(desk, name, key)
        assert desk.get(reverse(f"admin:catalog_{name}_add")).status_code == 403
        assert desk.post(reverse(f"admin:catalog_{name}_delete", args=[key]), {"post": "yes"}).status_code == 403
        assert desk.post(reverse(f"admin:catalog_{name}_change", args=[key]), {}).status_code == 403


@pytest.mark.parametrize("key", ["²", "9" * 30, "x"])
@pytest.mark.parametrize(
    "name",
    [
        *("catalog_job", "catalog_track", "catalog_match", "catalog_bulkwork", "catalog_apikey"),
        *("webhooks_message", "webhooks_endpoint", "webhooks_received"),
    ],
)
def test_what_is_no_number_of_a_row_leads_back(desk: Client, name: str, key: str) -> None:
    assert desk.get(reverse(f"admin:{name}_change", args=[key])).status_code == 302
