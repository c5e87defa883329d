"""What fails is tried again later, ends in words that staff see, and holds up nothing that comes behind it."""

import subprocess
import time
from collections.abc import Callable
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import OperationalError
from django.test import Client
from django.utils import timezone
from django_q.models import OrmQ

from catalog.models import BulkWork, Job, PendingFile, Scan, Track
from catalog.scans import scanning, starting
from catalog.services import housekeeping, pruning
from catalog.services.audio import stored_files
from catalog.services.errors import NotReachableError
from catalog.services.tasks import accepting, leasing, sweeping
from catalog.services.tracks import bulk_work, removal
from queueing import chunked_work
from queueing.chunked_work import claim_oldest
from queueing.duties import Duty
from queueing.management.commands import run_sweeper
from queueing.models import FailingDuty
from queueing.retrying import LONGEST_WAIT, MOST_TRIES, SomeFailedError, for_each, wait_after
from tests.rows import make_track
from tests.some import some
from webhooks.models import Attempt, Endpoint, Message
from webhooks.services import messages, queue_messages, store_endpoint, sweep_due_messages
from webhooks.services.sweeping import LOST

pytestmark = pytest.mark.django_db(transaction=True)
OVER = timedelta(seconds=1)


def failing(error: BaseException) -> Callable[..., Any]:
    """Return something that only raises."""

    def fail(*args: object, **values: object) -> None:
        raise error

    return fail


def begun(kind: str, tracks: list[Track], by: User) -> BulkWork:
    """Ask for something with many tracks."""
    return bulk_work.begin(kind=kind, track_ids=[track.pk for track in tracks], asked_by=by)


def let_waits_end() -> None:
    """Move every wait of a bulk action and a scan into the past."""
    for model in (BulkWork, Scan):
        model.objects.filter(lease_until__isnull=False).update(lease_until=timezone.now() - OVER)


def verified_message(owner: User) -> Message:
    """Return a message to a URL that is verified."""
    store_endpoint(owner=owner, url="https://receiver.example/")
    Endpoint.objects.update(verified_at=timezone.now())
    (message,) = queue_messages(owner=owner, event="check_is_same", event_key="k", subject="s", body={})
    return message


def test_waits_double_up_to_the_longest() -> None:
    waits = [wait_after(tries) for tries in range(1, 12)]
    assert all(later == min(2 * sooner, LONGEST_WAIT) for sooner, later in some(pairwise(waits)))
    assert wait_after(10_000) == LONGEST_WAIT


def test_one_that_raises_keeps_nobody_waiting() -> None:
    done: list[int] = []
    put_off: list[int] = []

    def do(number: int) -> None:
        if number == 2:
            raise ValueError(number)
        done.append(number)

    with pytest.raises(SomeFailedError, match="1 failed; the first: ValueError: 2"):
        for_each([1, 2, 3], do, failed=put_off.append)
    assert (done, put_off) == ([1, 3], [2])


def test_trouble_of_the_database_ends_the_round() -> None:
    asked: list[int] = []
    with pytest.raises(OperationalError):
        for_each([1, 2], lambda number: (asked.append(number), failing(OperationalError("away"))()))
    assert asked == [1]


def test_a_bulk_action_that_fails_lets_the_next_go_first(
    desk: Client, owner: User, staff: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken, next_one = begun("add", [make_track(owner)], staff), begun("check", [make_track(owner)], staff)
    with monkeypatch.context() as patched:
        patched.setitem(bulk_work._DO, BulkWork.Kind.ADD, failing(OperationalError("the table is broken")))
        assert bulk_work.sweep_bulk_work() == 1, "the next one is done"
        waits = []
        for tries in range(1, MOST_TRIES):
            broken.refresh_from_db()
            assert (broken.tries, broken.ended_at) == (tries, None)
            waits.append(broken.lease_until - timezone.now())
            let_waits_end()
            bulk_work.sweep_bulk_work()
    assert waits == sorted(waits)
    assert waits[-1] > timedelta(minutes=4)
    for work in (broken, next_one):
        work.refresh_from_db()
        assert work.ended_at
    page = " ".join(desk.get(f"/admin/catalog/bulkwork/{broken.pk}/change/").content.decode().split())
    assert "The workers gave up after 8 attempts: OperationalError: the table is broken" in page
    assert "given up" in desk.get("/admin/catalog/bulkwork/").content.decode()


def test_a_bulk_action_that_failed_once_goes_on(owner: User, staff: User, monkeypatch: pytest.MonkeyPatch) -> None:
    work = begun("add", [make_track(owner)], staff)
    with monkeypatch.context() as patched:
        patched.setitem(bulk_work._DO, BulkWork.Kind.ADD, failing(OperationalError("locked")))
        bulk_work.sweep_bulk_work()
    assert bulk_work.sweep_bulk_work() == 0, "it waits"
    let_waits_end()
    assert bulk_work.sweep_bulk_work() == 1
    work.refresh_from_db()
    assert (work.tries, work.error, work.failed) == (0, "", 0)


def test_a_bulk_action_that_kills_the_sweeper_is_given_up(owner: User, staff: User) -> None:
    deadly, next_one = begun("add", [make_track(owner)], staff), begun("check", [make_track(owner)], staff)
    for _ in range(MOST_TRIES):
        BulkWork.objects.filter(pk=deadly.pk).update(lease_until=timezone.now() - OVER)
        assert claim_oldest(BulkWork.objects.all()) == deadly, "and there it died"
    assert bulk_work.sweep_bulk_work() == 1, "a lease is no lock on those behind it"
    let_waits_end()
    bulk_work.sweep_bulk_work()
    for work in (deadly, next_one):
        work.refresh_from_db()
    assert (deadly.error, bool(deadly.ended_at)) == (chunked_work.LOST, True)


def test_a_track_that_raises_is_told_and_passed(
    desk: Client, owner: User, staff: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad, good, gone = make_track(owner, title="Bad one"), make_track(owner), make_track(owner)
    work = begun("remove", [bad, good, gone], staff)
    removal.remove_track(track=gone)
    remove = bulk_work._DO[BulkWork.Kind.REMOVE]

    def half_done(asked: BulkWork, track: Track) -> bool:
        removed = remove(asked, track)
        assert track != bad, "no good"
        return removed

    monkeypatch.setitem(bulk_work._DO, BulkWork.Kind.REMOVE, half_done)
    assert bulk_work.sweep_bulk_work() == 1
    work.refresh_from_db()
    assert (work.done, work.failed, work.passed_over, bool(work.ended_at)) == (3, 1, 1, True)
    assert list(Track.objects.present()) == [bad], "what was half done with it is undone"
    page = desk.get(f"/admin/catalog/bulkwork/{work.pk}/change/").content.decode()
    assert "1 failed" in page
    assert "AssertionError: no good" in page


def test_a_scan_waits_longer_each_time_and_says_why(
    desk: Client, owner: User, staff: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_track(owner)
    scan = starting.start_scan(started_by=staff)
    monkeypatch.setattr(scanning.analysis, "fingerprint_of", failing(NotReachableError("The store is away.")))
    monkeypatch.setattr(scanning, "MOST_WAITS", 4)
    waits = []
    for _ in range(3):
        OrmQ.objects.all().delete()
        scanning.scan_stretch(scan.pk)
        scan.refresh_from_db()
        waits.append(scan.lease_until - timezone.now())
        assert not scanning.sweep_scan(), "it waits"
        scanning.scan_stretch(scan.pk)  # of an entry that came late
        let_waits_end()
        assert scanning.sweep_scan()
    assert waits[2] > 1.9 * waits[1] > 3 * waits[0]
    assert "The scan continues by itself" in desk.get("/catalog/scan/").content.decode()
    scanning.scan_stretch(scan.pk)
    scan.refresh_from_db()
    assert (scan.status, scan.lease_until) == ("failed", None)
    page = desk.get(f"/catalog/scan/{scan.pk}/").content.decode()
    assert "The scan stopped after 4 failed attempts" in page
    assert "The store is away." in page
    assert "Resume" in page
    assert starting.start_scan(started_by=staff), "another may be started"


def test_a_scan_given_up_goes_on_where_it_was(owner: User, staff: User, monkeypatch: pytest.MonkeyPatch) -> None:
    make_track(owner)
    scan = starting.start_scan(started_by=staff)
    monkeypatch.setattr(scanning, "MOST_WAITS", 1)
    with monkeypatch.context() as patched:
        patched.setattr(scanning, "next_track", failing(ZeroDivisionError("a bug")))
        scanning.scan_stretch(scan.pk)
    assert Scan.objects.get().error == "ZeroDivisionError: a bug"
    assert starting.resume_scan(scan=scan)
    scanning.scan_stretch(scan.pk)
    scan = Scan.objects.get()
    assert (scan.status, scan.setbacks, scan.error) == ("done", 0, "")


def test_a_track_that_raises_each_time_is_left_out_of_a_scan(
    owner: User, staff: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_track(owner)
    scan = starting.start_scan(started_by=staff)
    monkeypatch.setattr(scanning.analysis, "fingerprint_of", failing(ZeroDivisionError("of this file")))
    for _ in range(4):
        let_waits_end()
        scanning.scan_stretch(scan.pk)
    scan.refresh_from_db()
    assert (scan.status, scan.failed) == ("done", 1)
    assert scan.failures[0]["error"] == "ZeroDivisionError: of this file"


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


def test_a_compaction_that_failed_is_told_and_the_next_waits_longer(monkeypatch: pytest.MonkeyPatch) -> None:
    start, started = subprocess.Popen, []

    def broken(command: list[str], **options: Any) -> Any:
        started.append(start(["sh", "-c", "echo 'No space left' >&2; exit 3"], **options))
        return started[-1]

    monkeypatch.setattr(housekeeping, "_compacting", [])
    monkeypatch.setattr(housekeeping.status, "behind", lambda: 10**6)
    monkeypatch.setattr(housekeeping.subprocess, "Popen", broken)
    duty = Duty("compact the index", housekeeping.compact_when_due, 0.0, longest_s=3600.0)
    duty.run_when_due()
    started[0].wait(10)
    duty.run_when_due()
    row = FailingDuty.objects.get()
    assert "`index compact` ended with code 3: No space left" in row.error
    duty.run_when_due()
    assert len(started) == 1, "it waits"


@pytest.mark.slow
def test_a_duty_that_fails_waits_longer_each_time_and_is_shown(
    desk: Client, owner: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_track(owner)
    now_s = [1000.0]
    monkeypatch.setattr(time, "monotonic", lambda: now_s[0])
    calls: list[float] = []

    def do() -> None:
        calls.append(now_s[0])
        if len(calls) < 5:
            raise ZeroDivisionError("of the sweeper")

    duty = Duty("sweep", do, 1.0, longest_s=30.0)
    for _ in range(100):
        duty.run_when_due()
        now_s[0] += 1
        if len(calls) == 3 and duty.tries == 3:
            page = desk.get("/admin/").content.decode()
    assert [later - sooner for sooner, later in pairwise(calls[:6])] == [5, 10, 20, 30, 1]
    assert "ZeroDivisionError: of the sweeper" in page
    assert "Nothing needs your attention" not in page
    assert not FailingDuty.objects.exists(), "done well since"


def test_the_sweeper_goes_on_whatever_a_duty_raises(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    monkeypatch.setattr(run_sweeper.queue_health, "send_canary", lambda cluster: asked.append(cluster) or 1 / 0)
    with pytest.raises(SomeFailedError):
        run_sweeper._send_canaries()
    assert len(asked) == 2
