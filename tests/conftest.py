"""Accounts, keys, recordings and a queue for every test."""

import gc
import itertools
from collections.abc import Callable, Iterator
from functools import cache
from multiprocessing import Event, Queue, Value
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from pytest_django import Settings
from rest_framework.test import APIClient

from catalog.engine import DecodeLimits
from catalog.engine.audio.decoding import probe
from catalog.engine.audio.info import AudioInfo
from catalog.models import ApiKey, Track
from catalog.services.api_keys import create_key
from catalog.services.audio import looks
from catalog.services.index import searching
from catalog.services.tracks import adding
from tests.migrated import Databases, stop_autovacuum
from tests.webhooks import receiver as receivers
from tests.webhooks.receiver import Receiver

pytest_plugins = [
    "tests.object_store",
    "tests.milvus_server",
    "tests.unmarked",
    "tests.emptying",
    "tests.only_database",
    "tests.longest_first",
    "tests.measured",
]
AUDIO = Path(__file__).parent / "audio"


def pytest_collection_finish() -> None:
    """Collect garbage less often, and never look through what is loaded by now: it took a tenth of the tests' time."""
    gc.freeze()
    gc.set_threshold(10_000, 20, 20)


@pytest.fixture
def owner(db: None) -> User:
    """An account with tracks."""
    return User.objects.create_user("owner", email="owner@example.org")


@pytest.fixture
def outsider(db: None) -> User:
    """Another account, which must see nothing of the owner's."""
    return User.objects.create_user("outsider")


@pytest.fixture
def staff(db: None) -> User:
    """A member of staff with every permission."""
    return User.objects.create_superuser("staff")


@pytest.fixture
def desk(staff: User) -> Client:
    """A browser session of a member of staff with every permission."""
    client = Client()
    client.force_login(staff)
    return client


@pytest.fixture
def receiver(settings: Settings) -> Iterator[Receiver]:
    """A receiver of callbacks on loopback, which the allow-list lets through."""
    started = receivers.start()
    settings.WEBHOOK_ALLOWED_PRIVATE_HOSTS = [started.host]
    yield started
    started.server.shutdown()
    started.server.server_close()


@pytest.fixture
def reader(db: None) -> User:
    """A member of staff who may look at everything and change nothing."""
    user = User.objects.create_user("reader", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__startswith="view_"))
    return user


@pytest.fixture
def reading_desk(reader: User) -> Client:
    """A browser session of the reader."""
    client = Client()
    client.force_login(reader)
    return client


def client_of(user: User) -> APIClient:
    """Return an API client with a fresh, generous key of `user`."""
    client = APIClient()
    key = create_key(owner=user, tier=ApiKey.Tier.CUSTOM, custom_per_minute=1000)[1]
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {key}")
    return client


@pytest.fixture
def api(owner: User) -> APIClient:
    """The owner's API client."""
    return client_of(owner)


@pytest.fixture
def outsider_api(outsider: User) -> APIClient:
    """The outsider's API client."""
    return client_of(outsider)


@pytest.fixture(scope="session")
def databases(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Databases]:
    """Make databases beside the tests' own one."""
    made = Databases(tmp_path_factory.mktemp("databases"))
    yield made
    made.drop()


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any, databases: Databases) -> Iterator[None]:
    """Copy the database before the first test, and end what is left of its sessions: PostgreSQL drops none in use.

    Such as the session of a live server's thread whose browser keeps the line open.
    """
    with django_db_blocker.unblock():
        databases.keep_migrated()
        stop_autovacuum()
    yield
    if connection.vendor == "postgresql":
        with django_db_blocker.unblock(), connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )


@pytest.fixture(scope="session")
def recordings() -> list[Path]:
    """The bundled real recordings."""
    return sorted(path for path in AUDIO.iterdir() if path.suffix in {".ogg", ".mp3"})


@pytest.fixture
def battle(recordings: list[Path]) -> Path:
    """One of the recordings."""
    return AUDIO / "battle-music.ogg"


@pytest.fixture
def forest(recordings: list[Path]) -> Path:
    """Another of the recordings."""
    return AUDIO / "forest-dance.mp3"


@cache
def probed(path: Path, *, limits: DecodeLimits) -> AudioInfo:
    """Ask the decoder about a bundled recording, which never changes, once a run."""
    return probe(path, limits=limits)


@pytest.fixture
def add_track(owner: User, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Track]:
    """Take a file into the catalog."""
    monkeypatch.setattr(
        looks, "probe", lambda path, *, limits: (probed if path.parent == AUDIO else probe)(path, limits=limits)
    )

    def add(path: Path, *, by: User = owner) -> Track:
        return adding.add_track(owner=by, source=path, file_name=path.name)

    return add


@pytest.fixture
def upload() -> Callable[[Path], SimpleUploadedFile]:
    """Wrap a file as a multipart field."""
    return lambda path: SimpleUploadedFile(path.name, path.read_bytes())


@pytest.fixture(scope="session")
def new_folder(tmp_path_factory: pytest.TempPathFactory) -> Callable[[], Path]:
    """Make an empty folder; as every test has one, sooner than `tmp_path`, which links the newest of each name."""
    all_folders, numbers = tmp_path_factory.mktemp("folders"), itertools.count()

    def make() -> Path:
        folder = all_folders / str(next(numbers))
        folder.mkdir()
        return folder

    return make


@pytest.fixture(autouse=True)
def fresh_folders(monkeypatch: pytest.MonkeyPatch, settings: Settings, new_folder: Callable[[], Path]) -> None:
    """Give each test a store, an index and index files of its own: they belong to one database."""
    settings.AUDIO_DIR, settings.INDEX_DIR = new_folder(), new_folder()
    monkeypatch.setattr(searching.process_index, "_index", None)


@pytest.fixture
def drain(db: None) -> Callable[[], int]:
    """Run what is queued with django-q's real pusher, worker and monitor, in this process; return how many tasks."""
    from django_q.brokers import get_broker  # noqa: PLC0415
    from django_q.models import OrmQ  # noqa: PLC0415
    from django_q.monitor import monitor  # noqa: PLC0415
    from django_q.pusher import pusher  # noqa: PLC0415
    from django_q.worker import worker  # noqa: PLC0415

    def run() -> int:
        count = 0
        for cluster in ("fingerprint", "webhooks"):
            broker = get_broker(cluster)
            while waiting := OrmQ.objects.filter(key=cluster).count():
                tasks, results, stop = Queue(), Queue(), Event()
                stop.set()
                for _ in range(waiting):
                    pusher(tasks, stop, broker=broker)
                tasks.put("STOP")
                worker(tasks, results, Value("f", -1))
                results.put("STOP")
                monitor(results, broker=broker)
                count += waiting
        return count

    return run
