"""Acting on decisions: copies are listed, merged into what is kept, removed together and brought back."""

import pytest
from django.contrib.auth.models import User
from django.test import Client

from catalog.models import BulkWork, Merge, Track
from catalog.selectors.copies_to_remove import copies_to_remove, ids_to_remove
from catalog.services.decisions import decide, undo
from catalog.services.tracks import bulk_work
from catalog.services.tracks.removal import remove_track
from tests.catalog.test_families import same
from tests.rows import make_track

pytestmark = pytest.mark.django_db


@pytest.fixture
def keeper(owner: User) -> Track:
    """A track that knows its artist and a mood."""
    return make_track(owner, title="The best", artist="Somebody", tags={"mood": "calm"})


@pytest.fixture
def copy(owner: User, staff: User, keeper: Track) -> Track:
    """A copy of it that was decided against, with an ISRC."""
    track = make_track(
        owner, title="The copy", artist="Someone", isrc="DEA120000001", tags={"mood": "sad", "label": "Blue"}
    )
    same(keeper, track, staff)
    return track


def test_copies_are_merged_removed_and_brought_back(desk: Client, staff: User, keeper: Track, copy: Track) -> None:
    assert "1 copy to remove" in desk.get("/catalog/copies-to-remove/").content.decode()
    preview = desk.post("/catalog/copies-to-remove/remove/", {"which": "chosen", "track": [copy.pk]}).content.decode()
    assert "isrc: DEA120000001" in preview
    assert "label: Blue" in preview
    assert "Someone" not in preview
    assert not BulkWork.objects.exists()
    desk.post("/catalog/copies-to-remove/remove/", {"track": [copy.pk], "sure": "yes"})
    bulk_work.sweep_bulk_work()
    for track in (keeper, copy):
        track.refresh_from_db()
    assert copy.removed_at
    assert (keeper.artist, keeper.isrc, keeper.tags) == ("Somebody", "DEA120000001", {"mood": "calm", "label": "Blue"})
    assert "No copies to remove" in desk.get("/catalog/copies-to-remove/").content.decode()
    bulk_work.undo(work=BulkWork.objects.get(), asked_by=staff)
    bulk_work.sweep_bulk_work()
    for track in (keeper, copy):
        track.refresh_from_db()
    assert copy.removed_at is None
    assert (keeper.isrc, keeper.tags) == ("", {"mood": "calm"})


def test_what_was_changed_since_is_not_taken_back(staff: User, keeper: Track, copy: Track) -> None:
    work = bulk_work.begin(kind=BulkWork.Kind.MERGE, track_ids=[copy.pk], asked_by=staff)
    bulk_work.sweep_bulk_work()
    keeper.refresh_from_db()
    keeper.isrc, keeper.tags["label"] = "DEA120000002", "Red"
    keeper.save()
    work.refresh_from_db()
    bulk_work.undo(work=work, asked_by=staff)
    bulk_work.sweep_bulk_work()
    keeper.refresh_from_db()
    assert (keeper.isrc, keeper.tags) == ("DEA120000002", {"mood": "calm", "label": "Red"})


def test_a_decision_that_was_undone_meanwhile_removes_nothing(staff: User, owner: User, keeper: Track) -> None:
    other = make_track(owner)
    decision = same(keeper, other, staff)
    work = bulk_work.begin(kind=BulkWork.Kind.MERGE, track_ids=[other.pk], asked_by=staff)
    undo(decision=decision)
    bulk_work.sweep_bulk_work()
    other.refresh_from_db()
    work.refresh_from_db()
    assert (other.removed_at, work.passed_over, Merge.objects.count()) == (None, 1, 0)


def test_a_copy_that_was_chosen_to_be_kept_meanwhile_stays(staff: User, owner: User, keeper: Track) -> None:
    other = make_track(owner)
    decision = same(keeper, other, staff)
    bulk_work.begin(kind=BulkWork.Kind.MERGE, track_ids=[other.pk], asked_by=staff)
    decide(one=keeper, other=other, verdict="same", keeper=other, decided_by=staff, replaces=decision.pk)
    bulk_work.sweep_bulk_work()
    other.refresh_from_db()
    assert (other.removed_at, Merge.objects.count()) == (None, 0)


def test_a_copy_goes_into_the_last_keeper_and_contradictions_are_skipped(owner: User, staff: User) -> None:
    a, b, c, d, e, f = (make_track(owner) for _ in range(6))
    for winner, one in ((a, b), (b, c), (d, e), (e, f), (f, d)):
        same(winner, one, staff)
    rows = {row.track: row.keeper for row in copies_to_remove(list(ids_to_remove()))}
    assert rows == {b: a, c: a, d: None, e: None, f: None}


def test_versions_and_differences_have_no_copy_to_remove(desk: Client, owner: User, staff: User) -> None:
    decide(one=make_track(owner), other=make_track(owner), verdict="version", keeper=None, decided_by=staff)
    assert list(ids_to_remove()) == []
    answer = desk.post("/catalog/copies-to-remove/remove/", {"which": "all", "sure": "yes"}, follow=True)
    assert "Choose at least one track" in answer.content.decode()


def test_what_was_undone_or_has_nothing_to_be_kept_instead_is_not_listed(owner: User, staff: User) -> None:
    undone, orphan, copy = (make_track(owner) for _ in range(3))
    gone = make_track(owner)
    undo(decision=same(make_track(owner), undone, staff))
    same(gone, orphan, staff)
    same(make_track(owner), copy, staff)
    remove_track(track=gone)
    assert list(ids_to_remove()) == [copy.pk]


def test_only_the_chosen_are_removed(desk: Client, owner: User, staff: User, keeper: Track, copy: Track) -> None:
    another, stranger = make_track(owner), make_track(owner)
    same(keeper, another, staff)
    chosen = {"which": "chosen", "track": [copy.pk, stranger.pk]}
    assert "Remove 1 track and keep" in desk.post("/catalog/copies-to-remove/remove/", chosen).content.decode()
    desk.post("/catalog/copies-to-remove/remove/", chosen | {"sure": "yes"})
    assert BulkWork.objects.get().track_ids == [copy.pk]
    desk.post("/catalog/copies-to-remove/remove/", {"which": "all", "sure": "yes"})
    assert BulkWork.objects.latest("pk").track_ids == [copy.pk, another.pk]


def test_each_copy_is_on_one_page(
    desk: Client, owner: User, staff: User, keeper: Track, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("catalog.pages.copies_to_remove.COPIES_A_PAGE", 2)
    copies = [make_track(owner) for _ in range(5)]
    for one in copies:
        same(keeper, one, staff)
    pages = [desk.get(f"/catalog/copies-to-remove/?page={number}").context for number in (1, 2, 3)]
    assert [[row.track for row in page["copies"]] for page in pages] == [copies[:2], copies[2:4], copies[4:]]
    assert [(page["before"], page["after"]) for page in pages] == [(0, 2), (1, 3), (2, 0)]
