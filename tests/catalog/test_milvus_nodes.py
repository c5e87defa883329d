"""The index in a real Milvus with two query nodes, one of which dies while questions are asked."""

import threading
import time
import uuid
from collections.abc import Callable
from pathlib import Path

import pytest
from django.db import connections
from pytest_django import Settings

from catalog.engine import IndexUnavailable
from catalog.engine.index.milvus import connection
from catalog.models import Job, Track
from catalog.services.index import backend
from catalog.services.index.searching import CaughtUpIndex
from catalog.services.tasks import work
from tests.alterations import noisy, sound, write
from tests.commands import said
from tests.milvus_checks import check_of, found, hold_to_the_embedded_index
from tests.milvus_server import MilvusProcess

ASKED_FOR_S = 30.0  # after the death, which the cluster believes after 20: its common.session.ttl
RECOVERS_WITHIN_S = 120.0
FIRST_NODE = 1  # the server's own
pytestmark = [pytest.mark.milvus, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def on_two_nodes(settings: Settings, milvus_with_two_nodes: MilvusProcess) -> MilvusProcess:
    """Use the cluster, under a name that no other test has."""
    settings.FINGERPRINT_INDEX = milvus_with_two_nodes.address(f"n{uuid.uuid4().hex[:12]}")
    settings.MILVUS_TIMEOUT_SECONDS = 20.0
    return milvus_with_two_nodes


@pytest.fixture
def copy(tmp_path: Path, battle: Path) -> Path:
    """Return a copy with noise, which only its vectors find: equal bytes are found without."""
    return write(tmp_path / "copy.wav", noisy(sound(battle), 20.0), codec="pcm_s16le")


def test_verdicts_are_those_of_the_embedded_index(
    on_two_nodes: MilvusProcess, settings: Settings, indexed: Callable[[Path], Track], recordings: list[Path]
) -> None:
    hold_to_the_embedded_index(settings, indexed, recordings)


def test_with_two_replicas_a_death_costs_a_delay(
    on_two_nodes: MilvusProcess, indexed: Callable[[Path], Track], battle: Path, copy: Path
) -> None:
    reference, query = indexed(battle), indexed(copy)
    assert check_of(query).result["is_duplicate"]
    assert loaded() == (2, 2)
    ask_while_a_node_dies(on_two_nodes, query, reference, copy)
    said("index", "rebuild")
    assert loaded() == (1, 1)
    on_two_nodes.start_node()
    await_loaded(2, 1)
    said("index", "rebuild")
    assert loaded() == (2, 2)
    assert check_of(query).result["matched_music_id"] == str(reference.music_id)


def test_with_one_replica_no_verdict_is_given_out_of_ignorance(
    on_two_nodes: MilvusProcess,
    indexed: Callable[[Path], Track],
    battle: Path,
    copy: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """For some seconds Milvus answers as if all were well, before the node that is left has loaded the vectors."""
    monkeypatch.setattr(connection, "MOST_REPLICAS", 1)
    reference, query = indexed(battle), indexed(copy)
    for _ in range(8):
        said("index", "rebuild")
        if leaders() == (False, True):
            break
    assert loaded() == (2, 1)
    assert ask_while_a_node_dies(on_two_nodes, query, reference, copy) > 0, "there was nothing to wait for"
    on_two_nodes.start_node()
    await_loaded(2, 1)


def loaded() -> tuple[object, object]:
    """Return the numbers of query nodes and of replicas, as the index page shows them."""
    with backend.cluster_index() as index:
        facts = index.health().facts
    return facts.get("query nodes"), facts.get("replicas")


def await_loaded(nodes: int, replicas: int) -> None:
    """Wait until the cluster says so."""
    until_s = time.monotonic() + RECOVERS_WITHIN_S
    while (now := loaded()) != (nodes, replicas):
        assert time.monotonic() < until_s, now
        time.sleep(0.5)


def leaders() -> tuple[bool, bool]:
    """Tell whether the server's own node answers for the vectors, and for the tracks' rows, with one replica."""
    with backend.cluster_index() as index:
        index.refresh()
        build = index._build
        assert build is not None
        (vectors,), (tracks,) = map(index._connection._client.describe_replica, (build.name, build._tracks))
        return vectors.shards[0].shard_leader == FIRST_NODE, tracks.shards[0].shard_leader == FIRST_NODE


def ask_while_a_node_dies(cluster: MilvusProcess, query: Track, reference: Track, path: Path) -> int:
    """Ask all the time; each answer is right, or says to wait. Return how often the one beside the tasks said so."""
    asker = Asker(path, sorted([reference.pk, query.pk]))
    with asker:
        asker.await_answers(2)
        cluster.kill_node()
        until_s = time.monotonic() + ASKED_FOR_S
        while time.monotonic() < until_s:
            assert answered(check_of(query)).result["matched_music_id"] == str(reference.music_id)
        asker.await_answers(2)
    assert asker.wrong == []
    return asker.waits


def answered(job: Job) -> Job:
    """Try a task until it has a verdict, which it waits for without losing an attempt."""
    until_s = time.monotonic() + RECOVERS_WITHIN_S
    while job.status == "pending":
        assert time.monotonic() < until_s, job.detail
        assert (job.attempts, job.result) == (0, None)
        assert "Milvus" in job.detail["waits_for"]
        work.run(job.pk)
        job.refresh_from_db()
    return job


class Asker:
    """Asks the same question from a thread of its own, without a pause, until it is left."""

    def __init__(self, path: Path, expected: list[int]) -> None:
        self._path, self._expected = path, expected
        self.answers, self.waits = 0, 0
        self.wrong: list[object] = []
        self._left = threading.Event()
        self._thread = threading.Thread(target=self._ask)

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._left.set()
        self._thread.join()

    def await_answers(self, more: int) -> None:
        """Wait for so many more."""
        wanted, until_s = self.answers + more, time.monotonic() + RECOVERS_WITHIN_S
        while self.answers < wanted:
            assert time.monotonic() < until_s, (self.answers, self.waits, self.wrong)
            time.sleep(0.1)

    def _ask(self) -> None:
        index = CaughtUpIndex()
        while not self._left.is_set():
            try:
                answer: object = sorted(found(index, self._path))
            except IndexUnavailable:
                self.waits += 1
                continue
            except Exception as error:  # noqa: BLE001  (whatever else comes is no clear error)
                answer = repr(error)
            self.answers += 1
            if answer != self._expected:
                self.wrong.append(answer)
        connections.close_all()
