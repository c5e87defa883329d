"""Many tracks at once: added, checked, removed and brought back, in chunks, each once."""

from collections.abc import Callable
from copy import copy
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from catalog.models import BulkWork, IndexOperation, Job, Track
from catalog.services.errors import CatalogError
from catalog.services.index.log import record_add
from catalog.services.tracks import bulk_work
from catalog.services.tracks.bulk_work import CHUNK, sweep_bulk_work
from queueing.chunked_work import claim_oldest
from tests.rows import make_check, make_track, remove_for_good

LIST = "/admin/catalog/track/"


def choose(desk: Client, action: str, tracks: list[Track], **more: Any) -> Any:
    """Choose an action for tracks in the list."""
    return desk.post(LIST, {"action": action, "_selected_action": [track.pk for track in tracks], **more})


def begun(kind: str, tracks: list[Track], by: User) -> BulkWork:
    """Store work that waits for the sweeper."""
    return bulk_work.begin(kind=kind, track_ids=[track.pk for track in tracks], asked_by=by)


@pytest.mark.parametrize(("action", "name"), [("check_selected", Job.Name.CHECK), ("add_selected", Job.Name.ADD)])
def test_selected_tracks_get_their_tasks(desk: Client, owner: User, staff: User, action: str, name: str) -> None:
    tracks = [make_track(owner) for _ in range(3)]
    page = choose(desk, action, tracks[:2])
    work = BulkWork.objects.get()
    assert page["Location"] == reverse("admin:catalog_bulkwork_change", args=[work.pk])
    assert not Job.objects.exists(), "the page does not wait for it"
    assert sweep_bulk_work() == 2
    assert set(Job.objects.values_list("task_name", "track", "owner")) == {
        (name, track.pk, staff.pk) for track in tracks[:2]
    }
    told = desk.get(page["Location"]).content.decode()
    assert "2 of 2 tracks" in told
    assert "0 of 2" in told


def test_all_of_the_list_is_chosen_as_it_is_filtered(desk: Client, owner: User) -> None:
    wanted = [make_track(owner, title=f"Wanted {number}") for number in range(60)]
    make_track(owner, title="Other")
    values = {"action": "check_selected", "_selected_action": [wanted[0].pk], "select_across": "1"}
    desk.post(LIST + "?q=wanted", values)
    assert BulkWork.objects.get().total == 60


def test_removal_asks_first(desk: Client, owner: User) -> None:
    tracks = [make_track(owner, title=f"Song no. {number}") for number in range(12)]
    page = choose(desk, "remove_selected", tracks).content.decode()
    assert "Remove 12 tracks from the catalog?" in page
    assert "and 2 more" in page
    assert not BulkWork.objects.exists()


def test_removal_and_back(desk: Client, owner: User) -> None:
    tracks = [make_track(owner) for _ in range(3)]
    record_add(track_id=tracks[0].pk)
    page = choose(desk, "remove_selected", tracks, sure="yes")
    sweep_bulk_work()
    assert Track.objects.present().count() == 0
    assert IndexOperation.objects.latest("sequence").kind == "remove"
    assert "Restore them" in desk.get(page["Location"]).content.decode()
    work = BulkWork.objects.get()
    desk.post(f"/admin/catalog/bulkwork/{work.pk}/undo/")
    sweep_bulk_work()
    assert Track.objects.present().count() == 3
    again = desk.post(f"/admin/catalog/bulkwork/{work.pk}/undo/", follow=True).content.decode()
    assert "has already undone this" in again
    assert "Restore them" not in desk.get(page["Location"]).content.decode()


@pytest.mark.django_db(transaction=True)
def test_what_is_gone_is_passed_over(add_track: Callable[..., Track], battle: Path, owner: User, staff: User) -> None:
    gone, there = add_track(battle), make_track(owner)
    work = begun("check", [gone, there], staff)
    remove_for_good(gone)
    restoring = begun("restore", [gone], staff)
    sweep_bulk_work()
    for row in (work, restoring):
        row.refresh_from_db()
        assert (row.done, row.passed_over) == (row.total, 1)
        assert row.ended_at


def test_it_goes_in_chunks_and_can_be_stopped(desk: Client, owner: User, staff: User) -> None:
    tracks = [make_track(owner) for _ in range(CHUNK + 5)]
    begun("check", tracks, staff)
    work = claim_oldest(BulkWork.objects.all())
    assert work
    late = copy(work)
    assert bulk_work._do_chunk(work) == CHUNK
    assert bulk_work._do_chunk(late) == 0, "another sweeper has the same chunk: its tracks are done"
    assert claim_oldest(BulkWork.objects.all()) is None, "one sweeper at a time has it"
    desk.post(f"/admin/catalog/bulkwork/{work.pk}/stop/")
    assert bulk_work._do_chunk(work) == 0, "the sweeper that has it sees the end before the next chunk"
    assert sweep_bulk_work() == 0
    assert Job.objects.count() == CHUNK
    work.refresh_from_db()
    assert (work.done, work.stopped_by) == (CHUNK, staff)


def test_nothing_and_too_much_are_refused(staff: User, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(CatalogError, match="None of these"):
        begun("check", [], staff)
    monkeypatch.setattr(bulk_work, "MOST_TRACKS", 1)
    with pytest.raises(CatalogError, match="more than 1 tracks"):
        bulk_work.begin(kind="check", track_ids=[1, 2], asked_by=staff)


def test_progress_of_the_tasks(desk: Client, owner: User, staff: User) -> None:
    one, other = make_track(owner), make_track(owner)
    work = begun("check", [one, other], staff)
    sweep_bulk_work()
    ended = make_check(one, found=other)
    Job.objects.filter(track=one, bulk_work=work).delete()
    Job.objects.filter(pk=ended.pk).update(bulk_work=work)
    page = desk.get(f"/admin/catalog/bulkwork/{work.pk}/change/").content.decode()
    assert "1 of 2" in page
    assert 'hx-trigger="every 1s"' in page


@pytest.mark.parametrize("action", ["check_selected", "add_selected", "remove_selected", "restore_selected"])
def test_readers_begin_nothing(reading_desk: Client, owner: User, action: str) -> None:
    choose(reading_desk, action, [make_track(owner)], sure="yes")
    assert not BulkWork.objects.exists()


@pytest.mark.parametrize("part", ["stop", "undo"])
def test_readers_end_nothing(reading_desk: Client, owner: User, staff: User, part: str) -> None:
    work = begun("remove", [make_track(owner)], staff)
    assert reading_desk.post(f"/admin/catalog/bulkwork/{work.pk}/{part}/").status_code == 403
