"""A site that runs in processes of its own, and databases for such."""

import os
import uuid
from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

import psycopg
import pytest

from tests.site.running import RunningSite, WebServer


@pytest.fixture(scope="session")
def new_database() -> Iterator[Callable[[], str | None]]:
    """Make an empty database and return its URL; None means SQLite in the site's data folder."""
    url = os.environ.get("DATABASE_URL")
    made: list[str] = []

    def make() -> str | None:
        if not url:
            return None
        made.append(f"running_site_{uuid.uuid4().hex}")
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {made[-1]}")
        return urlsplit(url)._replace(path=f"/{made[-1]}").geturl()

    yield make
    for name in made:
        with psycopg.connect(str(url), autocommit=True) as connection:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(scope="module")
def database_url(new_database: Callable[[], str | None]) -> str | None:
    """One database for a module."""
    return new_database()


@pytest.fixture(scope="session")
def first_start(
    tmp_path_factory: pytest.TempPathFactory, new_database: Callable[[], str | None]
) -> Iterator[RunningSite]:
    """A site that has shown its demo."""
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
def web(tmp_path_factory: pytest.TempPathFactory, new_database: Callable[[], str | None]) -> Iterator[WebServer]:
    """A web server of the site with an empty catalog, for requests over real sockets."""
    server = WebServer(tmp_path_factory.mktemp("web") / "data", database_url=new_database(), MAX_UPLOAD_MB="2")
    server.folder.mkdir()
    server.start()
    yield server
    server.stop()
