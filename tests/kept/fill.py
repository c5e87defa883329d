"""What fills the kept database: run by `make.sh` inside a checkout of commit f5ea191, with that commit's own services.

Not for today's code. Every table of that commit gets rows, each written as its services wrote it: by real audio, real
searches and a real receiver of callbacks.
"""

import json
import tempfile
import time
from datetime import timedelta
from pathlib import Path

from axes.models import AccessAttempt, AccessAttemptExpiration, AccessFailureLog, AccessLog
from django.conf import settings
from django.contrib.admin.models import ADDITION, LogEntry
from django.contrib.auth import authenticate
from django.contrib.auth.models import Group, Permission, User
from django.contrib.contenttypes.models import ContentType
from django.contrib.sessions.backends.db import SessionStore
from django.test import RequestFactory
from django.utils import timezone
from django_q.models import OrmQ, Schedule, Success

from catalog.models import ApiKey, Decision, Job, QueueHeartbeat, Track
from catalog.services import (
    api_keys,
    bulk_work,
    decisions,
    index_lease,
    jobs,
    playback,
    queue_health,
    removal,
    scanning,
    tracks,
    work,
)
from tests.alterations import AUDIO, RATE, faster, noisy, sound, write
from tests.webhooks import receiver as receivers
from webhooks import signing
from webhooks.models import Message
from webhooks.services import delivery, endpoints, incoming, messages, sources

SECONDS = 12


def fill() -> None:
    """Write rows in every table."""
    boss, ada, ben = _people()
    _keys(ada)
    receiver = receivers.start()
    settings.WEBHOOK_ALLOWED_PRIVATE_HOSTS = [receiver.host]
    try:
        endpoints.register_endpoint(owner=ada, url=receiver.url)
        endpoints.rotate_secret(endpoint=ada.callback_endpoint)
        endpoints.store_endpoint(owner=ben, url="https://ben.example/hook", secret="whsec_" + "QmVu" * 8)
        known = _tracks(ada, ben)
        _checks_and_callbacks(ada, known, receiver)
    finally:
        receiver.server.shutdown()
    _scan(boss)
    _review(boss, known)
    _callbacks_in()
    _queues(boss)


def _people() -> tuple[User, User, User]:
    boss = User.objects.create_superuser("boss", email="boss@example.org", password="kept")
    ada = User.objects.create_user("ada", email="ada@example.org", first_name="Ada", last_name="Lovelace")
    ben = User.objects.create_user("Zoë", email="zoe@example.org", first_name="Zoë", last_name="Ünal")
    readers = Group.objects.create(name="readers")
    readers.permissions.set(Permission.objects.filter(codename__startswith="view_"))
    ada.groups.add(readers)
    ben.user_permissions.add(Permission.objects.get(codename="add_track"))
    return boss, ada, ben


def _keys(owner: User) -> None:
    used, _ = api_keys.create_key(owner=owner, label="the shop")
    api_keys.count_call(used)
    ApiKey.objects.filter(pk=used.pk).update(window_minute=used.window_minute - 1 or 1)  # so that a day is written
    api_keys.count_call(ApiKey.objects.get(pk=used.pk))
    api_keys.note_use(used)
    api_keys.create_key(owner=owner, tier=ApiKey.Tier.CUSTOM, custom_per_minute=120, label="the night's import")
    api_keys.revoke_key(key=api_keys.create_key(owner=owner, tier=ApiKey.Tier.PAID, label="lost")[0])


def _tracks(ada: User, ben: User) -> dict[str, Track]:
    folder = Path(tempfile.mkdtemp())
    whole = sound(AUDIO / "battle-music.ogg")[: SECONDS * RATE]
    other = sound(AUDIO / "palace.mp3")[: SECONDS * RATE]
    made = {
        "battle": (ada, write(folder / "Battle Music.flac", whole, codec="flac")),
        "faster": (ben, write(folder / "Battle, faster.mp3", faster(whole, 1.06), codec="libmp3lame")),
        "noisy": (ada, write(folder / "Bätтle ノイズ.flac", noisy(whole, 12.0), codec="flac")),
        "palace": (ada, write(folder / "Palace.mp3", other, codec="libmp3lame")),
        "gone": (ben, write(folder / "Gone.mp3", other[: 10 * RATE], codec="libmp3lame")),
        "removed": (ben, write(folder / "Removed.mp3", other[RATE:], codec="libmp3lame")),
    }
    known = {key: tracks.add_track(owner=who, source=path, file_name=path.name) for key, (who, path) in made.items()}
    for track in known.values():
        work.run(jobs.accept_job(track=track, owner=track.owner, task_name=Job.Name.ADD).pk)
    playback.store_peaks(audio_file_id=known["battle"].audio_file_id)
    return known


def _checks_and_callbacks(ada: User, known: dict[str, Track], receiver: receivers.Receiver) -> None:
    for key in ("noisy", "palace"):
        work.run(jobs.accept_job(track=known[key], owner=ada, task_name=Job.Name.CHECK).pk)
    waiting = list(Message.objects.filter(state=Message.State.PENDING).order_by("pk"))
    for message in waiting[:2]:
        delivery.deliver(message_pk=message.pk)  # taken
    receiver.behaviour = receivers.reply(503, b"busy", Retry_After="120")
    delivery.deliver(message_pk=waiting[2].pk)  # waits for its second attempt
    messages.send_test(endpoint=ada.callback_endpoint)
    Message.objects.filter(pk=waiting[3].pk).update(state=Message.State.FAILED, error="Every attempt failed.")
    broken = jobs.accept_job(track=known["battle"], owner=ada, task_name=Job.Name.CHECK)
    jobs.end_in_failure(jobs.claim(broken.pk), error="The file is not audio.")
    jobs.accept_job(track=known["battle"], owner=ada, task_name=Job.Name.ADD)  # still waits
    jobs.claim(jobs.accept_job(track=known["palace"], owner=ada, task_name=Job.Name.CHECK).pk)  # a worker holds it


def _scan(boss: User) -> None:
    done = scanning.start_scan(started_by=boss)
    while done.status == done.Status.RUNNING:
        scanning.scan_stretch(done.pk)
        done.refresh_from_db()
    scanning.cancel_scan(scan=scanning.start_scan(started_by=boss))


def _review(boss: User, known: dict[str, Track]) -> None:
    same, version, different = Decision.Verdict.SAME, Decision.Verdict.VERSION, Decision.Verdict.DIFFERENT
    battle, faster_one, noisy_one, palace = (known[key] for key in ("battle", "faster", "noisy", "palace"))
    decisions.decide(one=battle, other=noisy_one, verdict=same, keeper=battle, decided_by=boss)
    taken_back = decisions.decide(one=battle, other=faster_one, verdict=different, keeper=None, decided_by=boss)
    decisions.undo(decision=taken_back)
    decisions.decide(one=noisy_one, other=palace, verdict=version, keeper=None, decided_by=boss)
    removal.remove_track(track=known["gone"])
    removal.purge_removed(now=timezone.now() + timedelta(days=400))
    removed = bulk_work.begin(kind="remove", track_ids=[known["removed"].pk], asked_by=boss)
    bulk_work.sweep_bulk_work()
    removed.refresh_from_db()
    bulk_work.undo(work=removed, asked_by=boss)
    bulk_work.stop(work=bulk_work.begin(kind="check", track_ids=[battle.pk, palace.pk], asked_by=boss), stopped_by=boss)
    with index_lease.held_by_name("the index"):
        pass


def _callbacks_in() -> None:
    source, secret = sources.create_source(slug="label-one")
    sources.create_source(slug="a-peer", secret="a peer's own secret")
    sources.rotate_source_secret(source=source)
    secret = sources.source_secret(source=source)
    task = "task_20260402055414_LmxwriSZ"
    body = {"task_id": task, "task_name": "add_audio_in_index", "status": "success"}
    text = json.dumps(body | {"completed_at": "2026-04-02T14:54:14.859289"})
    signed = signing.callback_headers(
        secrets=[secret], message_id="msg_kept", task_id=task, timestamp=int(time.time()), body=text
    )
    arrival = incoming.Arrival(slug="label-one", body=text.encode(), headers=signed, remote_address="192.0.2.7")
    incoming.receive(arrival=arrival)
    incoming.receive(arrival=arrival)
    for wrong in (
        incoming.Arrival(slug="label-one", body=text.encode(), headers=signed | {"webhook-signature": "v1,AAAA"}),
        incoming.Arrival(slug="nobody", body=b"{}", remote_address="192.0.2.8"),
    ):
        try:
            incoming.receive(arrival=wrong)
        except incoming.RefusedError:
            continue


def _queues(boss: User) -> None:
    """Leave what the site's processes and the Django admin leave."""
    queue_health.send_canary(cluster="fingerprint")
    queue_health.start_over(cluster="webhooks", replaced_because="It was stuck.")
    QueueHeartbeat.objects.filter(pk="fingerprint").update(acknowledged_at=timezone.now())
    Success.objects.create(
        id="kept",
        name="kept",
        func="catalog.tasks.run_job",
        started=timezone.now(),
        stopped=timezone.now(),
        success=True,
    )
    Schedule.objects.create(name="kept", func="catalog.tasks.sing", args="'fingerprint'", repeats=0)
    LogEntry.objects.create(
        user=boss,
        content_type=ContentType.objects.get_for_model(Track),
        object_id="1",
        object_repr="Battle Music",
        action_flag=ADDITION,
        change_message="[]",
    )
    guess = RequestFactory(REMOTE_ADDR="192.0.2.9").post("/admin/login/")
    authenticate(guess, username="boss", password="wrong")
    AccessAttemptExpiration.objects.create(access_attempt=AccessAttempt.objects.get(), expires_at=timezone.now())
    AccessFailureLog.objects.create(username="boss", ip_address="192.0.2.9")
    AccessLog.objects.create(username="boss", ip_address="192.0.2.9")
    session = SessionStore()
    session["kept"] = True
    session.create()
    assert OrmQ.objects.exists()


fill()
