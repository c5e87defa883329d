"""The index in a real Milvus server: the same verdicts for every process, and never "no duplicate" out of ignorance."""

import contextlib
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.db import connections, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import Settings

from catalog.engine import IndexUnavailable
from catalog.engine.index.interface import Entry
from catalog.engine.index.milvus import MilvusAddress, MilvusIndex
from catalog.engine.index.milvus.build import _STATE_ID
from catalog.engine.index.milvus.canaries import canary_keys, canary_track
from catalog.models import IndexOperation, Track
from catalog.services.index import backend, lease, log
from catalog.services.index.searching import CaughtUpIndex
from catalog.services.tasks import work
from fingerprint_site.health import readiness
from tests.commands import said
from tests.indexed import fingerprint_at
from tests.milvus_checks import check_of, found, hold_to_the_embedded_index
from tests.milvus_server import PASSWORD, USER, MilvusProcess

RECOVERS_WITHIN_S = 180.0  # as the server says itself: it loads what it had
pytestmark = [pytest.mark.milvus, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def in_milvus(settings: Settings, milvus: MilvusProcess) -> MilvusProcess:
    """Use the server, under a name that no other test has."""
    settings.FINGERPRINT_INDEX = milvus.address(f"s{uuid.uuid4().hex[:12]}")
    return milvus


def removed(track: Track) -> None:
    """Take a track out of the log."""
    with transaction.atomic():
        log.record_remove(track_id=track.pk)


def test_verdicts_are_those_of_the_embedded_index(
    in_milvus: MilvusProcess, settings: Settings, indexed: Callable[[Path], Track], recordings: list[Path]
) -> None:
    hold_to_the_embedded_index(settings, indexed, recordings)


def test_one_node_loads_the_index_once(
    in_milvus: MilvusProcess, indexed: Callable[[Path], Track], battle: Path
) -> None:
    indexed(battle)
    found(CaughtUpIndex(), battle)
    facts = backend.open_index().health().facts
    assert (facts["query nodes"], facts["replicas"]) == (1, 1)


def test_every_process_sees_what_another_wrote(
    in_milvus: MilvusProcess, indexed: Callable[[Path], Track], battle: Path
) -> None:
    one, other = CaughtUpIndex(), CaughtUpIndex()
    assert found(one, battle) == []
    track = indexed(battle)
    assert found(one, battle) == [track.pk]
    assert found(other, battle) == [track.pk]
    removed(track)
    assert found(other, battle) == []
    assert found(one, battle) == []


def test_server_that_dies_costs_a_wait_and_no_verdict(
    in_milvus: MilvusProcess, settings: Settings, indexed: Callable[[Path], Track], battle: Path
) -> None:
    settings.MILVUS_TIMEOUT_SECONDS = 20.0
    reference, query = indexed(battle), indexed(battle)
    assert check_of(query).result["is_duplicate"]
    in_milvus.kill()
    job = check_of(query)
    assert (job.status, job.attempts, job.result) == ("pending", 0, None)
    assert "Milvus" in job.detail["waits_for"]
    assert readiness.checks()["index"] == "cannot be read"
    in_milvus.start()
    until_s = time.monotonic() + RECOVERS_WITHIN_S
    while job.status == "pending" and time.monotonic() < until_s:
        work.run(job.pk)
        job.refresh_from_db()
        assert job.status == "success" or job.result is None, "not complete yet: no verdict"
        time.sleep(0.5)
    assert job.result["matched_music_id"] == str(reference.music_id)


@pytest.mark.parametrize("part", ["vectors", "rows"])
def test_part_of_the_index_is_not_enough(
    in_milvus: MilvusProcess, indexed: Callable[[Path], Track], battle: Path, forest: Path, part: str
) -> None:
    track = indexed(battle)
    index = CaughtUpIndex()
    assert found(index, forest) == []
    lose_canary(index, part)
    with pytest.raises(IndexUnavailable, match="part of the index"):
        found(index, forest)
    assert not backend.open_index().health().is_complete
    said("index", "rebuild")
    assert found(index, forest) == []
    lose_canary(index, "rows")
    removed(track)
    with pytest.raises(IndexUnavailable, match="part of the index"):
        index.opened()
    said("index", "rebuild")
    assert "tracks: good" in said("index", "verify", "--sample", "0")


def lose_canary(index: CaughtUpIndex, part: str) -> None:
    """Have the server forget one of its vector or its row, as it does while a node's part is not loaded."""
    milvus = index.opened()
    assert isinstance(milvus, MilvusIndex)
    assert milvus._build is not None
    if part == "rows":
        milvus._build.delete_tracks([canary_track(0)])
    else:
        milvus._build.delete_vectors(canary_keys([0]).tolist())


def test_state_that_is_not_loaded_is_not_an_empty_index(
    in_milvus: MilvusProcess, indexed: Callable[[Path], Track], battle: Path
) -> None:
    track = indexed(battle)
    index = CaughtUpIndex()
    milvus = index.opened()
    assert isinstance(milvus, MilvusIndex)
    assert milvus._build is not None
    milvus._build.delete_tracks([_STATE_ID])
    with pytest.raises(IndexUnavailable, match="how far"):
        found(index, battle)
    said("index", "rebuild")
    assert found(index, battle) == [track.pk]


def test_lost_vectors_are_not_an_empty_index(
    in_milvus: MilvusProcess, indexed: Callable[[Path], Track], battle: Path
) -> None:
    track = indexed(battle)
    index = CaughtUpIndex()
    milvus = index.opened()
    assert isinstance(milvus, MilvusIndex)
    assert milvus._build is not None
    milvus._connection.drop(milvus._build.name)
    with pytest.raises(IndexUnavailable):
        found(index, battle)
    said("index", "rebuild")
    assert found(index, battle) == [track.pk]


def test_index_of_another_log_is_made_anew(
    in_milvus: MilvusProcess, indexed: Callable[[Path], Track], battle: Path, forest: Path
) -> None:
    """As after the database was restored from a backup and has gone another way since."""
    track = indexed(battle)
    assert found(CaughtUpIndex(), battle) == [track.pk]
    IndexOperation.objects.update(track_key=track.pk + 1000, created_at=timezone.now())
    other = indexed(forest)
    index = CaughtUpIndex()
    assert found(index, battle) == []
    assert found(index, forest) == [other.pk]
    assert index.opened().size().tracks == 1


def test_commands(in_milvus: MilvusProcess, indexed: Callable[[Path], Track], recordings: list[Path]) -> None:
    for path in recordings[:3]:
        indexed(path)
    assert "has 3 tracks" in said("index", "rebuild")
    assert "tracks: good" in said("index", "verify", "--sample", "0")
    status = said("index", "status")
    assert "Milvus" in status
    assert "3 of 3" in status
    assert "Milvus@" not in status, "the password is nobody's business"


def test_page(
    in_milvus: MilvusProcess, indexed: Callable[[Path], Track], battle: Path, staff: User, client: Client
) -> None:
    indexed(battle)
    found(CaughtUpIndex(), battle)
    client.force_login(staff)
    page = client.get(reverse("catalog:index")).content.decode()
    assert "complete" in page
    assert "1 of 1" in page
    assert "Milvus@" not in page
    assert client.get("/admin/").status_code == 200


def test_factory_password_is_replaced_once(
    in_milvus: MilvusProcess, settings: Settings, indexed: Callable[[Path], Track], battle: Path
) -> None:
    track = indexed(battle)
    settings.FINGERPRINT_INDEX = settings.FINGERPRINT_INDEX.replace("root:Milvus", "root:another1")
    try:
        assert "password was replaced" in said("secure_milvus")
        assert "already replaced" in said("secure_milvus")
        assert found(CaughtUpIndex(), battle) == [track.pk]
    finally:
        give_the_factory_password_back(settings.FINGERPRINT_INDEX)


def give_the_factory_password_back(address: str) -> None:
    """Leave the server as the other tests know it."""
    index = MilvusIndex(MilvusAddress.parse(address, timeout_s=20.0))
    with contextlib.closing(index):
        index._connection._client.update_password(USER, index._address.password, PASSWORD)


def test_wrong_password(
    in_milvus: MilvusProcess, settings: Settings, indexed: Callable[[Path], Track], battle: Path
) -> None:
    settings.FINGERPRINT_INDEX = settings.FINGERPRINT_INDEX.replace("root:Milvus", "root:wrong")
    settings.MILVUS_TIMEOUT_SECONDS = 5.0
    with pytest.raises(IndexUnavailable) as raised:
        found(CaughtUpIndex(), battle)
    assert "wrong" not in str(raised.value)


def test_writers_take_turns(
    in_milvus: MilvusProcess, indexed: Callable[[Path], Track], battle: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    track = indexed(battle)
    name = backend.ClusterIndex()._address.name
    monkeypatch.setattr(backend, "LONGEST_WAIT_S", 1.0)
    with lease.held_by_name(f"milvus {name}"), pytest.raises(IndexUnavailable, match="Another process"):
        found(CaughtUpIndex(), battle)
    assert found(CaughtUpIndex(), battle) == [track.pk]


def test_searches_and_adds_go_on_while_the_index_is_made_anew(
    in_milvus: MilvusProcess, indexed: Callable[[Path], Track], battle: Path, forest: Path
) -> None:
    first = indexed(battle)
    builder, worker = backend.ClusterIndex(), CaughtUpIndex()
    assert found(worker, battle) == [first.pk]
    during: list[list[int]] = []

    def entries() -> Iterator[Entry]:
        added = indexed(forest)
        during.append([*found(worker, forest), added.pk])
        yield Entry.of(first.pk, fingerprint_at(battle))

    with builder.exclusive():
        builder.rebuild(entries(), sequence=log.last_sequence(), expected=1)
    assert during[0][0] == during[0][1]
    assert found(worker, forest) == during[0][:1], "what came meanwhile is applied to the new build"
    assert found(CaughtUpIndex(), battle) == [first.pk]


def test_many_processes_at_once(
    in_milvus: MilvusProcess, indexed: Callable[[Path], Track], recordings: list[Path]
) -> None:
    tracks = [indexed(path) for path in recordings[:4]]
    removed(tracks[0])
    sizes: list[int] = []

    def catch_up() -> None:
        sizes.append(CaughtUpIndex().opened().size().tracks)
        connections.close_all()

    threads = [threading.Thread(target=catch_up) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sizes == [3, 3, 3, 3]
    assert "tracks: good" in said("index", "verify", "--sample", "0")
