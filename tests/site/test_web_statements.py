"""PostgreSQL stops what a web process asks for too long, and nobody else's statements; and what is answered then."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
import requests
from django.conf import settings as site
from django.db import connection

from tests.site.running import WebServer, await_true

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


LOG_IN = """
from django.contrib.auth.models import User
from django.test import Client
desk = Client()
desk.force_login(User.objects.get(username="admin"))
print(desk.cookies["sessionid"].value)
"""
LIST = "/admin/catalog/waitingpair/"
WAITING = "SELECT pid FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"


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


@pytest.fixture(scope="module")
def desk(web: WebServer) -> requests.Session:
    """A browser of a member of staff."""
    session = requests.Session()
    session.cookies["sessionid"] = web.shell(LOG_IN)
    assert session.get(f"{web.url}{LIST}", timeout=60).status_code == 200
    return session


@contextmanager
def locked(web: WebServer, table: str) -> Iterator[psycopg.Connection]:
    """Let nobody else read a table: a statement about it takes as long as it may."""
    address = web.environment["DATABASE_URL"]
    with psycopg.connect(address) as owner, psycopg.connect(address, autocommit=True) as other:
        owner.execute(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE")  # type: ignore[arg-type]
        yield other


def errors(web: WebServer, since: int) -> list[dict[str, Any]]:
    """Return the errors that were logged after the first `since` characters."""
    return [event for line in web.output[since:].splitlines() if (event := json.loads(line))["level"] == "error"]


def test_a_page_says_so_and_is_logged_once(web: WebServer, desk: requests.Session) -> None:
    before = len(web.output)
    with locked(web, "catalog_match"):
        answer = desk.get(f"{web.url}{LIST}?relation__exact=same", timeout=60)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "10")
    assert "The database took too long" in answer.text
    assert "ANALYZE" in answer.text
    assert f'href="{LIST}?relation__exact=same"' in answer.text
    (event,) = errors(web, before)
    assert event["event"] == f"Service Unavailable: {LIST}"
    assert "canceling statement due to statement timeout" in event["exception"]
    assert desk.get(f"{web.url}{LIST}", timeout=60).status_code == 200


def test_a_script_and_the_api_are_told_in_json(web: WebServer, desk: requests.Session) -> None:
    key = web.manage("create_api_key", "admin").stdout.splitlines()[-1]
    with locked(web, "catalog_match"):
        answer = desk.get(f"{web.url}{LIST}", headers={"Accept": "application/json"}, timeout=60)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "10")
    assert answer.json() == {"detail": "The database took too long and was stopped. Try again."}
    with locked(web, "catalog_track"):
        answer = requests.get(f"{web.url}/api/v1/music", headers={"Authorization": f"Bearer {key}"}, timeout=60)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "10")
    assert answer.json() == {"detail": "The service is not available at the moment. Try again later."}


def test_a_database_that_goes_away_is_told_in_other_words(web: WebServer, desk: requests.Session) -> None:
    with locked(web, "catalog_match") as server, ThreadPoolExecutor(1) as beside:
        asked = beside.submit(desk.get, f"{web.url}{LIST}", timeout=60)
        (pid,) = await_true(lambda: server.execute(WAITING).fetchone(), within_s=10)
        server.execute("SELECT pg_terminate_backend(%s)", [pid])
        answer = asked.result()
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "10")
    assert "The site is not available at the moment" in answer.text
    assert desk.get(f"{web.url}{LIST}", timeout=60).status_code == 200


def test_who_sends_something_is_told_to_look(web: WebServer, desk: requests.Session) -> None:
    token = desk.get(f"{web.url}{LIST}", timeout=60).cookies["csrftoken"]
    with locked(web, "catalog_match"):
        answer = desk.post(
            f"{web.url}{LIST}",
            {"csrfmiddlewaretoken": token, "action": "nothing"},
            headers={"Referer": f"{web.url}/admin/"},
            timeout=60,
        )
    assert answer.status_code == 503
    assert "What you sent may not be stored" in answer.text
    assert 'href="/admin/"' in answer.text
