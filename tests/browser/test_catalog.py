"""Work on many tracks, and on callbacks, as a person does it: chosen, confirmed, seen to its end, taken back."""

from collections.abc import Callable
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from catalog.models import Track
from catalog.services.tasks.accepting import accept_job
from catalog.services.tracks.bulk_work import sweep_bulk_work
from tests.browser.watch import wait
from tests.rows import make_track
from tests.webhooks.receiver import Receiver, reply
from webhooks.models import Endpoint, Message
from webhooks.services import queue_messages, store_endpoint, sweep_due_messages
from webhooks.tasks import deliver_message

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
TRACKS = "/admin/catalog/track/"


def choose_all(page: Page, action: str) -> None:
    """Choose every row of a list and what to do with all."""
    page.locator("#action-toggle").first.check()
    page.locator("select[name=action]").select_option(action)
    page.locator("button[name=index]").click()


def test_many_tracks_are_removed_and_brought_back(page: Page, live_server: LiveServer, owner: User) -> None:
    for number in range(5):
        make_track(owner, title=f"Song no. {number}")
    page.goto(live_server.url + TRACKS)
    choose_all(page, "remove_selected")
    page.get_by_role("button", name="Remove 5 tracks").click()
    expect(page.get_by_role("status")).to_contain_text("0 of 5 tracks")
    sweep_bulk_work()
    expect(page.get_by_role("status")).to_contain_text("5 of 5 tracks")
    assert Track.objects.present().count() == 0
    page.get_by_role("button", name="Restore them").click()
    sweep_bulk_work()
    expect(page.get_by_role("status")).to_contain_text("5 of 5 tracks")
    assert Track.objects.present().count() == 5


def test_the_list_is_exported_as_it_is_searched(page: Page, live_server: LiveServer, owner: User) -> None:
    for title in ("=wanted()", "other"):
        make_track(owner, title=title)
    page.goto(live_server.url + TRACKS + "?q=wanted")
    with page.expect_download() as download:
        page.get_by_role("link", name="Export as CSV").click()
    text = Path(download.value.path()).read_text(encoding="utf-8-sig")
    assert "'=wanted()" in text
    assert "other" not in text


def test_a_task_is_watched_to_its_end(
    page: Page,
    live_server: LiveServer,
    owner: User,
    add_track: Callable[..., Track],
    battle: Path,
    drain: Callable[[], int],
) -> None:
    job = accept_job(track=add_track(battle), owner=owner, task_name="check_is_same")
    page.goto(f"{live_server.url}/admin/catalog/job/{job.pk}/change/")
    steps = page.get_by_role("list", name="What happened, in order")
    expect(steps).to_contain_text("waiting for a worker")
    drain()
    expect(steps).to_contain_text("searched")
    expect(steps).to_contain_text("ended")


def test_a_failed_callback_is_sent_again(page: Page, live_server: LiveServer, owner: User, receiver: Receiver) -> None:
    endpoint = store_endpoint(owner=owner, url=receiver.url)
    Endpoint.objects.filter(pk=endpoint.pk).update(verified_at=timezone.now())
    body = {"task_id": "task_20260402055414_AbCdEfGh", "task_name": "add_audio_in_index", "status": "success"}
    (message,) = queue_messages(
        owner=owner, event="add_audio_in_index", event_key="one", subject=body["task_id"], body=body
    )
    receiver.behaviour = reply(500, b"broken")
    deliver_message(message.pk)
    Message.objects.update(state=Message.State.FAILED, error="Every attempt of the schedule failed.")
    page.goto(f"{live_server.url}/admin/webhooks/message/{message.pk}/change/")
    page.locator("summary", has_text="response").click()
    expect(page.locator("#callback")).to_contain_text("broken")
    page.get_by_role("link", name="Send again").first.click()
    page.locator("#dialog button[type=submit]").click()
    wait(page, lambda: Message.objects.get().state == Message.State.PENDING, "it waits again")
    receiver.behaviour = reply(200)
    sweep_due_messages()
    deliver_message(message.pk)
    expect(page.locator("#callback")).to_contain_text("attempt 2")
    expect(page.locator("#callback [role=status]")).to_contain_text("delivered")
