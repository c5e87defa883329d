"""A row that makes the sweeper fail holds up no other: of tasks, callbacks, files, and what is pruned."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from django_q.models import OrmQ

from catalog.models import Job, PendingFile, Track
from catalog.services import housekeeping, pruning
from catalog.services.audio import stored_files
from catalog.services.errors import NotReachableError
from catalog.services.tasks import accepting, leasing, sweeping
from catalog.services.tracks import removal
from queueing.retrying import SomeFailedError
from tests.queueing.failing import OVER, failing
from tests.rows import make_track
from webhooks.models import Attempt, Endpoint, Message
from webhooks.services import messages, queue_messages, store_endpoint, sweep_due_messages
from webhooks.services.sweeping import LOST

pytestmark = pytest.mark.django_db(transaction=True)


def verified_message(owner: User) -> Message:
    """Return a message to a URL that is verified."""
    store_endpoint(owner=owner, url="https://receiver.example/")
    Endpoint.objects.update(verified_at=timezone.now())
    (message,) = queue_messages(owner=owner, event="check_is_same", event_key="k", subject="s", body={})
    return message


@pytest.mark.parametrize("attempts", [1, 3])
def test_a_task_that_cannot_be_offered_or_ended_holds_up_no_other(
    owner: User, monkeypatch: pytest.MonkeyPatch, attempts: int
) -> None:
    bad, good = (accepting.accept_job(track=make_track(owner), owner=owner, task_name=Job.Name.ADD) for _ in range(2))
    Job.objects.update(queued_at=timezone.now() - timedelta(hours=1), attempts=attempts)
    OrmQ.objects.all().delete()
    for name in ("offer_again", "take_over"):
        do = getattr(leasing, name)
        monkeypatch.setattr(
            leasing, name, lambda pk, do=do: failing(ValueError("bad row"))() if pk == bad.pk else do(pk)
        )
    with pytest.raises(SomeFailedError, match="bad row"):
        sweeping.sweep_jobs()
    good.refresh_from_db()
    assert OrmQ.objects.exists() if attempts == 1 else good.status == "failure"
    assert sweeping.sweep_jobs() == 0, "the bad one does not come first again at once"


def test_a_callback_that_kills_its_worker_ends(owner: User, monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    settings.WEBHOOK_SCHEDULE_SECONDS = [0, 1]
    message = verified_message(owner)
    for step in (1, 2):
        Message.objects.update(state="delivering", schedule_step=step, next_attempt_at=timezone.now() - OVER)
        Attempt.objects.create(message=message, number=step, started_at=timezone.now())
        sweep_due_messages()
        message.refresh_from_db()
        assert message.state == ("delivering" if step == 1 else "failed")
    assert message.error == LOST
    assert not Attempt.objects.filter(ended_at=None).exists()


def test_a_callback_that_cannot_be_queued_holds_up_no_other(owner: User, monkeypatch: pytest.MonkeyPatch) -> None:
    bad = verified_message(owner)
    assert messages.queue_messages(owner=owner, event="check_is_same", event_key="other", subject="s", body={})
    Message.objects.update(queued_until=None)
    OrmQ.objects.all().delete()
    put = messages.entries.put

    def put_all_but_one(task: str, pks: list[int], **more: Any) -> None:
        assert pks != [bad.pk], "no"
        put(task, pks, **more)

    monkeypatch.setattr(messages.entries, "put", put_all_but_one)
    with pytest.raises(SomeFailedError):
        sweep_due_messages()
    assert OrmQ.objects.count() == 1
    assert sweep_due_messages() == 0


def test_each_step_of_tidying_is_done_whatever_another_raises(owner: User, monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(3):
        removal.remove_track(track=make_track(owner))
    Track.objects.update(removed_at=timezone.now() - timedelta(days=9))
    first = Track.objects.order_by("pk").first()
    assert first
    delete = removal.AudioFile.delete
    bad = first.audio_file_id
    monkeypatch.setattr(
        removal.AudioFile, "delete", lambda row: failing(ValueError("held"))() if row.pk == bad else delete(row)
    )
    looked: list[str] = []
    monkeypatch.setattr(housekeeping.store, "remove_old_drafts", lambda: looked.append("drafts"))
    monkeypatch.setattr(housekeeping.stored_files, "remove_due", lambda: looked.append("stored"))
    with pytest.raises(SomeFailedError, match="held"):
        housekeeping.tidy()
    assert list(Track.objects.filter(audio_file__isnull=False)) == [first]
    assert looked == ["drafts", "stored"]


def test_a_stored_file_that_cannot_be_removed_lets_the_others_go_first(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("aa/bad", "aa/good"):
        stored_files.let_go(name)
    remove = stored_files.store.delete
    monkeypatch.setattr(
        stored_files.store,
        "delete",
        lambda name: failing(NotReachableError("held"))() if name == "aa/bad" else remove(name),
    )
    for _ in range(2):
        with pytest.raises(NotReachableError):
            stored_files.remove_due()
    assert PendingFile.objects.get().name == "aa/bad"


def test_one_kind_of_row_that_cannot_be_deleted_keeps_no_other(owner: User, monkeypatch: pytest.MonkeyPatch) -> None:
    pruned: list[str] = []

    def prune_one(retention: Any, **_: Any) -> int:
        assert retention.name != "attempts", "protected"
        pruned.append(retention.name)
        return 1

    monkeypatch.setattr(pruning.Retention, "prune", prune_one)
    with pytest.raises(SomeFailedError, match="protected"):
        pruning.prune()
    assert len(pruned) == len(pruning.RETENTIONS) - 1
