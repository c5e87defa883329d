"""A callback that came in leads to the task and the tracks that it names, where they are here."""

import json

from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from tests.rows import make_check, make_track
from webhooks.models import Received
from webhooks.services import create_source


def arrived(body: dict[str, object], **values: object) -> str:
    """Store a callback that came, and return the address of its page."""
    now = timezone.now()
    source, _ = create_source(slug=f"peer-{now:%f}")
    row = Received.objects.create(
        source=source,
        message_id="m",
        event="check_is_same",
        status="success",
        task_id=str(body["task_id"]),
        body=json.dumps(body),
        mippia_verified=True,
        standard_verified=True,
        first_seen_at=now,
        last_seen_at=now,
        **values,
    )
    return f"/admin/webhooks/received/{row.pk}/change/"


def test_links_to_what_is_here(desk: Client, owner: User) -> None:
    query, found = make_track(owner, title="Asked for"), make_track(owner, title="Found one")
    job = make_check(query, found=found)
    page = desk.get(arrived(job.callback_body, times_seen=3)).content.decode()
    assert f"/admin/catalog/job/{job.pk}/change/" in page
    assert query.get_absolute_url() in page
    assert found.get_absolute_url() in page
    assert "received 3 times, stored once" in page


def test_a_callback_of_another_deployment(desk: Client) -> None:
    body = {"task_id": "task_20260402055414_Elsewher", "result": {"matched_music_id": "not a uuid"}}
    assert "from another deployment" in desk.get(arrived(body)).content.decode()
