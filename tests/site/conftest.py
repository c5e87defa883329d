"""A site that runs in processes of its own, databases for such, and staff who may do nothing."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.test import Client

from tests.migrated import Databases
from tests.site.numbers import ask
from tests.site.running import RunningSite, WebServer


@pytest.fixture(scope="session")
def new_database(databases: Databases) -> Callable[[], str | None]:
    """Make an empty database and return its URL; None means SQLite in the site's data folder."""
    return databases.empty


@pytest.fixture(scope="session")
def migrated_database(databases: Databases, django_db_setup: None) -> Callable[[Path], str | None]:
    """Make a migrated database for the site with this data folder and return its URL; None as above."""
    return databases.migrated


@pytest.fixture(scope="session")
def first_start(
    tmp_path_factory: pytest.TempPathFactory, new_database: Callable[[], str | None]
) -> Iterator[RunningSite]:
    """A site that has shown its demo, begun with an empty database as a newcomer's."""
    running = RunningSite(tmp_path_factory.mktemp("site") / "data", database_url=new_database())
    running.folder.mkdir()
    running.start()
    running.first_output = running.output
    yield running
    if running.process.poll() is None:
        running.stop()


@pytest.fixture
def site(first_start: RunningSite) -> RunningSite:
    """The site, running, whichever test came before."""
    if first_start.process.poll() is not None:
        first_start.start()
    return first_start


@pytest.fixture(scope="module")
def web(
    tmp_path_factory: pytest.TempPathFactory, migrated_database: Callable[[Path], str | None]
) -> Iterator[WebServer]:
    """A web server of the site with an empty catalog, for requests over real sockets."""
    folder = tmp_path_factory.mktemp("web") / "data"
    server = WebServer(folder, database_url=migrated_database(folder), MAX_UPLOAD_MB="2")
    server.start()
    yield server
    server.stop()


@pytest.fixture
def clerk(db: None) -> Client:
    """A member of staff without any permission."""
    client = Client()
    client.force_login(User.objects.create_user("clerk", is_staff=True))
    return client


@pytest.fixture
def numbers() -> Iterator[None]:
    """A table of numbers."""
    ask("CREATE TABLE numbers (n integer UNIQUE)")
    yield
    ask("DROP TABLE numbers")
