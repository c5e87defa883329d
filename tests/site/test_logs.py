"""Every line of a log is JSON, files stay small while many processes write them, and a request is one line."""

import io
import json
import logging
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import requests
import structlog
from django.conf import LazySettings
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory
from rest_framework.test import APIClient

from catalog.api import holding
from catalog.models import EvidenceLink
from catalog.services.evidence import token_of
from fingerprint_site.log_settings import MASKED, PIPE_BYTES, JsonFormatter
from fingerprint_site.request_log import RequestLogMiddleware
from fingerprint_site.running.log_file import LogFile
from tests.site.running import RunningSite, await_true
from tests.site.test_deployment import manage
from tests.site.test_repository import ROOT
from tests.some import some

pytestmark = pytest.mark.slow
WRITER = """
import sys
from pathlib import Path
from fingerprint_site.running.log_file import LogFile
path, name, most_bytes, kept = sys.argv[1:]
log = LogFile(Path(path), most_bytes=int(most_bytes), kept=int(kept))
for number in range(2000):
    log.write(f"{name} {number} {'x' * (number % 300)}\\n".encode())
"""
SERVICE = """
import os, sys, threading, warnings
os.environ["DJANGO_SETTINGS_MODULE"] = "fingerprint_site.settings"
import django; django.setup()
from django.conf import settings
from queueing.process_log import log_as_service
log_as_service(settings.LOG_TO)
warnings.warn("old ways")
thread = threading.Thread(target=lambda: 1 / 0); thread.start(); thread.join()
import logging; logging.getLogger("django-q").error("reincarnated worker")
raise RuntimeError("the end" + "!" * 9000)
"""


def events(text: str) -> list[dict[str, Any]]:
    """Read lines of JSON objects; fails at one that is none."""
    found = [json.loads(line) for line in text.splitlines()]
    assert [event for event in found if not isinstance(event, dict)] == []
    return found


def log_text(folder: Path, pattern: str = "*.log*") -> str:
    return "".join(path.read_text("utf-8") for path in sorted((folder / "logs").glob(pattern)))


def write_together(folder: Path, *, most_bytes: int, kept: int) -> list[Path]:
    path = folder / "web.log"
    command = [sys.executable, "-c", WRITER, str(path)]
    writers = [subprocess.Popen([*command, str(name), str(most_bytes), str(kept)], cwd=ROOT) for name in range(4)]
    assert [writer.wait(60) for writer in writers] == [0] * 4
    return list(folder.glob("web.log*"))


def test_processes_lose_no_line_to_each_other(tmp_path: Path) -> None:
    files = write_together(tmp_path, most_bytes=20_000, kept=500)
    lines = [line.rsplit(" ", 1) for path in files for line in path.read_text().splitlines()]
    assert len(files) > 20
    assert sorted(start for start, _ in lines) == sorted(
        f"{name} {number}" for name in range(4) for number in range(2000)
    )
    assert all(len(filler) == int(start.split()[1]) % 300 for start, filler in some(lines))
    assert max(path.stat().st_size for path in files) < 22_000


def test_only_so_many_files_are_kept(tmp_path: Path) -> None:
    files = write_together(tmp_path, most_bytes=20_000, kept=3)
    assert sorted(path.name for path in files) == ["web.log", "web.log.1", "web.log.2", "web.log.3"]
    assert sum(path.stat().st_size for path in files) < 4 * 22_000


def test_a_full_disk_ends_nobody() -> None:
    LogFile(Path("/dev/full"), most_bytes=1000, kept=1).write(b"lost\n")


def test_a_file_that_was_taken_away_is_made_again(tmp_path: Path) -> None:
    log = LogFile(tmp_path / "logs" / "web.log", most_bytes=1000, kept=1)
    log.write(b"one\n")
    (tmp_path / "logs" / "web.log").unlink()
    log.write(b"two\n")
    assert (tmp_path / "logs" / "web.log").read_text() == "two\n"


@pytest.mark.parametrize(("destination", "stream"), [("files", "stderr"), ("stdout", "stdout")])
def test_what_ends_a_service_is_json(tmp_path: Path, destination: str, stream: str) -> None:
    ended = subprocess.run(
        [sys.executable, "-c", SERVICE], env={"DATA_DIR": str(tmp_path), "LOG_TO": destination}, cwd=ROOT,
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    lines = getattr(ended, stream).splitlines()
    told = events(getattr(ended, stream))
    assert [event["logger"] for event in told] == ["py.warnings", "uncaught", "django-q", "uncaught"]
    assert "old ways" in told[0]["event"]
    assert "ZeroDivisionError" in told[1]["exception"]
    assert "Traceback" in told[3]["exception"]
    assert told[3]["exception"].endswith("!!!")
    assert (max(map(len, lines)) < PIPE_BYTES) == (destination == "stdout")
    assert {ended.stdout, ended.stderr} == {getattr(ended, stream), ""}


def test_a_persons_command_prints_for_a_person(tmp_path: Path, migrated_database: Callable[[Path], str | None]) -> None:
    url = migrated_database(tmp_path)
    environment = {"LOG_TO": "stdout"} | ({"DATABASE_URL": url} if url else {})
    assert manage(tmp_path, "setup_site", **environment).returncode == 0
    made = manage(tmp_path, "create_api_key", "admin", **environment)
    assert not any(line.startswith("{") for line in some(made.stdout.splitlines())), made.stdout


def test_a_line_for_a_pipe_is_whole_however_long_it_would_be() -> None:
    formatter = JsonFormatter(most_bytes=PIPE_BYTES)
    record = logging.LogRecord("x", logging.ERROR, "", 0, "ü" * 50_000 + " the end", None, None)
    line = formatter.format(record)
    assert len(line.encode()) < PIPE_BYTES
    assert json.loads(line)["event"].endswith("the end")


@pytest.mark.django_db
@pytest.mark.parametrize("end", ["/", "", "."])
def test_no_line_has_what_opens_a_link(client: Client, end: str) -> None:
    token = token_of(EvidenceLink(match_id=1))
    lines, root = io.StringIO(), logging.getLogger()
    handler = logging.StreamHandler(lines)
    handler.setFormatter(JsonFormatter())
    root.addHandler(handler)
    try:
        client.get(f"/catalog/evidence/{token}{end}")
        logging.getLogger("django.request").error("Internal Server Error: %s", f"/catalog/evidence/{token}{end}")
    finally:
        root.removeHandler(handler)
    told = events(lines.getvalue())
    assert [line["path"] for line in told if line["event"] == "request_answered"] == [
        f"/catalog/evidence/{MASKED}{end}"
    ]
    assert told[-1]["event"] == f"Internal Server Error: /catalog/evidence/{MASKED}{end}"
    assert token not in lines.getvalue()


@pytest.mark.parametrize(("environment", "lines"), [({}, 1), ({holding.WAITS: "an end"}, 0)])
def test_an_answer_that_the_server_throws_away_is_no_line(environment: dict[str, str], lines: int) -> None:
    """The request is held, and answered later: then it is one."""
    request = RequestFactory().get("/api/v1/events", **environment)
    with structlog.testing.capture_logs() as told:
        RequestLogMiddleware(lambda _: HttpResponse())(request)
    assert len(told) == lines


@pytest.mark.parametrize(
    ("environment", "words"),
    [({"LOG_TO": "syslog"}, "LOG_TO"), ({"LOG_FILE_MB": "0"}, "LOG_FILE_MB"), ({"LOG_FILES_KEPT": "0"}, "LOG_FILES")],
)
def test_settings_that_make_no_sense_are_named(tmp_path: Path, environment: dict[str, str], words: str) -> None:
    ended = manage(tmp_path, "check", **environment)
    assert ended.returncode != 0
    assert re.search(rf"site.E00[24]\) {words}", ended.stderr)


@pytest.fixture
def request_lines(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What is logged of requests from now on."""
    lines: list[dict[str, Any]] = []
    log = type("Log", (), {"info": staticmethod(lambda event, **values: lines.append(values | {"event": event}))})
    monkeypatch.setattr("fingerprint_site.request_log.log", log)
    return lines


def test_a_line_says_who_asked_for_what(
    desk: Client, api: APIClient, client: Client, request_lines: list[dict[str, Any]]
) -> None:
    answers = [
        desk.get("/admin/catalog/track/?q=private"),
        api.get("/api/v1/task/result/none"),
        client.get("/no/such/page?token=secret"),
        client.post("/webhooks/incoming/nobody/", REMOTE_ADDR="192.0.2.7"),
    ]
    assert [(line["method"], line["path"], line["status"], line["account"]) for line in request_lines] == [
        ("GET", "/admin/catalog/track/", 200, "staff"),
        ("GET", "/api/v1/task/result/none", 404, "owner"),
        ("GET", "/no/such/page", 404, None),
        ("POST", "/webhooks/incoming/nobody/", answers[3].status_code, None),
    ]
    assert request_lines[3]["address"] == "192.0.2.7"
    assert all(line["duration_ms"] > 0 for line in some(request_lines))
    assert [word for word in ("private", "secret") if word in str(request_lines)] == []
    assert len({answer.headers["X-Request-ID"] for answer in answers}) == 4


@pytest.mark.parametrize(
    ("trusted", "sent", "taken"),
    [(True, "proxy-17", True), (False, "proxy-17", False), (True, "two words", False), (True, "x" * 65, False)],
)
def test_only_a_trusted_proxy_names_a_request(
    rf: RequestFactory, settings: LazySettings, trusted: bool, sent: str, taken: bool
) -> None:
    settings.TRUST_PROXY = trusted
    answer: Callable[[HttpRequest], HttpResponse] = RequestLogMiddleware(lambda _: HttpResponse())
    assert (answer(rf.get("/", headers={"X-Request-ID": sent})).headers["X-Request-ID"] == sent) == taken


@pytest.fixture(params=["files", "stdout"])
def logging_site(
    request: pytest.FixtureRequest, tmp_path: Path, migrated_database: Callable[[Path], str | None]
) -> Iterator[RunningSite]:
    """A site of its own, whose log files are put aside soon."""
    folder = tmp_path / "site"
    site = RunningSite(
        folder, database_url=migrated_database(folder), LOG_TO=request.param, LOG_FILE_MB="0.02", LOG_FILES_KEPT="3"
    )
    site.start("--no-demo")
    yield site
    if site.process.poll() is None:
        site.stop()


def log_in(site: RunningSite) -> None:
    """Open a session as the first account."""
    password = json.loads((site.folder / "first_login.json").read_text())["staff_password"]
    with requests.Session() as desk:
        desk.get(f"{site.url}/admin/login/", timeout=30)
        form = {"username": "admin", "password": password, "csrfmiddlewaretoken": desk.cookies["csrftoken"]}
        answer = desk.post(
            f"{site.url}/admin/login/?next=/health/live", form, headers={"Referer": site.url}, timeout=30
        )
        assert "sessionid" in desk.cookies, answer.text


@pytest.mark.cluster
def test_a_running_site_logs_json_alone(logging_site: RunningSite) -> None:
    site, to_files = logging_site, logging_site.environment["LOG_TO"] == "files"
    with requests.Session() as session:
        for number in range(200):
            session.get(f"{site.url}/no/such/page-{number}?token=secret", timeout=10)
    log_in(site)
    assert site.process.poll() is None
    if to_files:
        await_true((site.folder / "logs" / "web.log.1").exists, within_s=10)
        assert not (site.folder / "logs" / "web.log.4").exists()

    def written() -> str:
        return log_text(site.folder) if to_files else site.output

    await_true(lambda: '"act": "login"' in written(), within_s=10)
    text = written()
    told = events(text)
    asked = [event for event in told if event.get("path") == "/no/such/page-199"]
    assert len(asked) == 1
    assert asked[0] | {"method": "GET", "status": 404, "address": "127.0.0.1"} == asked[0]
    assert "secret" not in text
    entry = next(event for event in told if event["logger"] == "audit" and event["act"] == "login")
    assert (entry["actor"], entry["address"]) == ("admin", "127.0.0.1")
    assert datetime.fromisoformat(entry["at"]).tzinfo
    answered = next(event for event in told if event["logger"] == "request" and event["account"] == "admin")
    assert entry["request_id"] == answered["request_id"]
    if not to_files:
        assert any(event["logger"] == "gunicorn.error" for event in told)
        assert not (site.folder / "logs").exists()
        password = json.loads((site.folder / "first_login.json").read_text())
        assert not any(value in text for value in some(value for value in password.values() if len(str(value)) > 8))
    site.stop()
    assert events(written())
