"""PostgreSQL stops what a web process asks for too long, and nobody else's statements."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.conf import settings as site
from django.db import connection

from tests.site.running import WebServer

pytestmark = [
    pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite stops no statement"),
    pytest.mark.slow,
]
WEB = "import fingerprint_site.wsgi"
COMMAND = "import os, django; os.environ['DJANGO_SETTINGS_MODULE'] = 'fingerprint_site.settings'; django.setup()"
SLEEP = """
from django.db import OperationalError, connection
with connection.cursor() as cursor:
    try:
        cursor.execute("SELECT pg_sleep(1.5)")
        print("slept")
    except OperationalError as error:
        print(error)
    cursor.execute("SELECT 'goes on'")
    print(*cursor.fetchone())
"""


@pytest.fixture(scope="module")
def web(
    tmp_path_factory: pytest.TempPathFactory, migrated_database: Callable[[Path], str | None]
) -> Iterator[WebServer]:
    """A web server whose statements may take a second."""
    folder = tmp_path_factory.mktemp("web") / "data"
    server = WebServer(folder, database_url=migrated_database(folder), DATABASE_STATEMENT_SECONDS="1")
    server.start()
    yield server
    server.stop()


def printed(code: str, web: WebServer, *, address: str = "") -> list[str]:
    """Run Python as a process of the site, and return the lines that it prints."""
    environment = web.environment | ({"DATABASE_URL": address} if address else {})
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, cwd=site.BASE_DIR, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_a_web_process_is_stopped_and_goes_on(web: WebServer) -> None:
    assert printed(f"{WEB}\n{SLEEP}", web) == ["canceling statement due to statement timeout", "goes on"]


def test_a_worker_or_command_is_not(web: WebServer) -> None:
    """All of them begin in manage.py, and none loads the web server's entry point."""
    assert printed(f"{COMMAND}\n{SLEEP}", web) == ["slept", "goes on"]
    limit = "from django.db import connection; c = connection.cursor(); c.execute('SHOW statement_timeout')"
    assert web.shell(f"{limit}; print(c.fetchone()[0])") == "0"
    loaded = "import queueing.management.commands.run_queue, queueing.management.commands.run_sweeper, sys"
    assert printed(f"{COMMAND}\n{loaded}\nprint('fingerprint_site.wsgi' in sys.modules)", web) == ["False"]


def test_the_address_has_the_last_word(web: WebServer) -> None:
    address = f"{web.environment['DATABASE_URL']}?options=-c%20statement_timeout%3D0"
    assert printed(f"{WEB}\n{SLEEP}", web, address=address) == ["slept", "goes on"]


def test_nothing_else_of_the_options_is_lost(web: WebServer) -> None:
    shown = "from django.db import connection; print(connection.settings_dict['OPTIONS']['options'])"
    assert printed(f"{WEB}\n{shown}", web) == ["-c statement_timeout=1000 -c jit=off"]
