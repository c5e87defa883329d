"""Files in the store by rows: what is being written, what is to be removed, and what nobody knows."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from catalog.models import AudioFile, PendingFile, Track
from catalog.services import housekeeping
from catalog.services.audio import store, stored_files
from catalog.services.errors import NotReachableError
from tests.rows import remove_for_good

Stored = Callable[[], set[str]]
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(params=["a folder", pytest.param("a bucket", marks=pytest.mark.slow)])
def stored(request: pytest.FixtureRequest) -> Stored:
    """Use one kind of store, and tell which files lie in its folders, unfinished ones among them."""
    if request.param == "a bucket":
        bucket = request.getfixturevalue("s3")
        return lambda: set(bucket.names())
    folder = Path(settings.AUDIO_DIR)
    return lambda: {str(path.relative_to(folder)) for path in folder.glob("*/*")}


def hours_later() -> None:
    """Let the time pass after which an upload that was not confirmed is given up."""
    PendingFile.objects.update(since=timezone.now() - stored_files.GIVEN_UP_AFTER - timedelta(seconds=1))


def placed(path: Path) -> str:
    """Place a file, as an upload that is killed before its row."""
    return stored_files.place(source=path, sha256=store.sha256_of(path), suffix=path.suffix)


def test_row_is_there_before_the_bytes_and_goes_with_the_files_own_row(
    add_track: Callable[..., Track], battle: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save, seen = store.save, []

    def look(**values: object) -> None:
        seen.append(PendingFile.objects.get().state)
        save(**values)

    monkeypatch.setattr(store, "save", look)
    add_track(battle)
    assert seen == [PendingFile.State.WRITING]
    assert not PendingFile.objects.exists()


def test_upload_that_was_killed_is_removed_by_its_row(
    stored: Stored, add_track: Callable[..., Track], battle: Path, forest: Path
) -> None:
    kept = add_track(forest).audio_file.stored_name
    name = placed(battle)
    housekeeping.tidy()
    assert stored() == {kept, name}, "young"
    hours_later()
    housekeeping.tidy()
    assert stored() == {kept}
    assert not PendingFile.objects.exists()


def test_what_a_killed_process_had_written_of_a_file_goes_with_its_row(battle: Path) -> None:
    path = settings.AUDIO_DIR / placed(battle)
    others = path.with_name("notes.txt"), path.with_name(".another-name.mp3.17.4711")
    for other in others:
        other.write_text("not ours")
    path.rename(path.with_name(f".{path.name}.17.4711"))
    hours_later()
    stored_files.remove_due()
    assert set(path.parent.iterdir()) == set(others)


def test_file_that_was_given_up_meanwhile_makes_no_track(
    stored: Stored, add_track: Callable[..., Track], battle: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = stored_files.place

    def place_slowly(**values: object) -> str:
        name = place(**values)
        hours_later()
        stored_files.remove_due()
        return name

    monkeypatch.setattr(stored_files, "place", place_slowly)
    with pytest.raises(NotReachableError, match="too long"):
        add_track(battle)
    assert (Track.objects.count(), AudioFile.objects.count(), stored()) == (0, 0, set())


def test_file_whose_removal_has_begun_makes_no_track(
    add_track: Callable[..., Track], battle: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The sweeper has its name in hand: the bytes would go from under the track."""
    place = stored_files.place

    def place_slowly(**values: object) -> str:
        name = place(**values)
        PendingFile.objects.filter(name=name).update(state=PendingFile.State.REMOVING)
        return name

    monkeypatch.setattr(stored_files, "place", place_slowly)
    with pytest.raises(NotReachableError, match="too long"):
        add_track(battle)
    assert (Track.objects.count(), AudioFile.objects.count(), stored_files.remove_due()) == (0, 0, 1)


def test_commit_whose_answer_was_lost_keeps_the_bytes(
    stored: Stored, add_track: Callable[..., Track], battle: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The database has taken the row and the process is told that it has not: the row is what counts."""
    leave = transaction.Atomic.__exit__

    def lose_the_answer(self: object, *reason: object) -> None:
        leave(self, *reason)
        if not connection.in_atomic_block and AudioFile.objects.exists():
            monkeypatch.setattr(transaction.Atomic, "__exit__", leave)
            raise ConnectionError

    monkeypatch.setattr(transaction.Atomic, "__exit__", lose_the_answer)
    with pytest.raises(ConnectionError):
        add_track(battle)
    assert stored() == {AudioFile.objects.get().stored_name}


def test_upload_that_cannot_become_a_row_leaves_nothing(
    stored: Stored, add_track: Callable[..., Track], battle: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(**values: object) -> None:
        raise IntegrityError

    monkeypatch.setattr(Track.objects, "create", fail)
    with pytest.raises(IntegrityError):
        add_track(battle)
    assert stored() == set()
    assert not PendingFile.objects.exists()


def test_lost_or_cut_file_is_stored_anew_under_another_name(
    stored: Stored, add_track: Callable[..., Track], battle: Path, tmp_path: Path
) -> None:
    first = add_track(battle)
    old = first.audio_file.stored_name
    cut = tmp_path / "cut"
    cut.write_bytes(battle.read_bytes()[:-1])
    store.save(source=cut, name=old)
    second = add_track(battle)
    stored_files.remove_due()
    assert second.audio_file_id == first.audio_file_id
    assert stored() == {second.audio_file.stored_name} != {old}
    assert store.holds(second.audio_file.stored_name, size_bytes=battle.stat().st_size)


def test_removal_that_the_store_did_not_take_is_made_later(
    stored: Stored, add_track: Callable[..., Track], battle: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    track = add_track(battle)
    with monkeypatch.context() as patch:

        def away(name: str) -> None:
            raise NotReachableError

        patch.setattr(store, "delete", away)
        with pytest.raises(NotReachableError):
            remove_for_good(track)
    assert len(stored()) == 1
    assert stored_files.remove_due() == 1
    assert stored() == set()


def test_file_that_the_store_refuses_to_remove_holds_up_no_other(
    add_track: Callable[..., Track], recordings: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    names = [placed(path) for path in recordings[:6]]
    hours_later()
    refused, delete, asked = set(names[:3]), store.delete, []

    def refuse_some(name: str) -> None:
        asked.append(name)
        if name in refused:
            raise NotReachableError("refused")
        delete(name)

    monkeypatch.setattr(store, "delete", refuse_some)
    with pytest.raises(NotReachableError):
        stored_files.remove_due()
    assert asked == names[:3], "it may be the store: not all are tried"
    with pytest.raises(NotReachableError):
        stored_files.remove_due()
    assert set(PendingFile.objects.values_list("name", flat=True)) == refused
    refused.clear()
    assert stored_files.remove_due() == 3


def test_unknown_files_are_named_and_stay(
    stored: Stored, add_track: Callable[..., Track], battle: Path, forest: Path
) -> None:
    add_track(forest)
    placed(battle)
    assert list(stored_files.unknown()) == []
    sha256 = store.sha256_of(battle)
    name = f"{sha256[:2]}/{sha256}-of-another.ogg"
    store.save(source=battle, name=name)
    assert list(stored_files.unknown()) == [name]
    hours_later()
    housekeeping.tidy()
    assert name in stored()
