"""The demo: real recordings in the catalog, an altered copy checked through the public API, callbacks over HTTP."""

import json
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import requests
from django.conf import settings
from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import connections

from catalog.models import Job, Track
from fingerprint_site.running import own_receiver
from fingerprint_site.running.accounts import DEMO_NAME, SOURCE_SLUG, FirstLogin, first_login
from fingerprint_site.running.altered_copy import SPEED, TRIM_S, make_altered_copy
from fingerprint_site.running.api_client import ApiClient

RECORDINGS = settings.BASE_DIR / "tests" / "audio"
ORIGINAL = "battle-music.ogg"
COPY_NAME = "Unknown upload.mp3"
_START_WITHIN_S = 60.0
_CALLBACK_WITHIN_S = 30.0


class Show:
    """Waits for the site, shows the demo once, and says how to go on. Runs in a thread beside the supervisor."""

    def __init__(self, *, write: Callable[[str], object], with_demo: bool) -> None:
        self._write = write
        self._with_demo = with_demo

    def run(self) -> None:
        """Do it all; a failure is told and leaves the site running."""
        try:
            if not _site_answers():
                self._write(f"The site did not answer within {_START_WITHIN_S:.0f} s: see the logs.")
                return
            login = first_login()
            if self._with_demo:
                self._show_demo(login)
            self._write(_where_to_look(login))
        except Exception as error:  # noqa: BLE001  (the site goes on without its demo)
            self._write(f"The demo stopped: {type(error).__name__}: {error}. The site itself is running.")
        finally:
            connections.close_all()

    def _show_demo(self, login: FirstLogin) -> None:
        """Show it in a deployment that was begun with it, until it was shown to its end once."""
        owner = User.objects.filter(username=DEMO_NAME).first()
        if owner is None:
            return
        if Track.objects.filter(owner=owner, file_name=COPY_NAME).exists():
            own_receiver.follow(owner=owner, slug=SOURCE_SLUG, base_url=settings.PUBLIC_URL)
            return
        if not login.api_key or not RECORDINGS.is_dir():
            return
        own_receiver.connect(owner=owner, slug=SOURCE_SLUG, base_url=settings.PUBLIC_URL)
        self._write("Adding the bundled recordings (sources and licences: tests/audio/SOURCES.md) …")
        call_command("import_music", str(RECORDINGS), add=True, wait=True, owner=DEMO_NAME)
        self._write(f"Checking a copy of {ORIGINAL}: {SPEED - 1:.0%} faster, {TRIM_S:.0f} s cut off, MP3 96 kb/s …")
        with tempfile.TemporaryDirectory() as folder:
            copy = Path(folder) / COPY_NAME
            make_altered_copy(source=RECORDINGS / ORIGINAL, target=copy)
            self._check_through_api(ApiClient(base_url=settings.PUBLIC_URL, api_key=login.api_key), copy)

    def _check_through_api(self, api: ApiClient, path: Path) -> None:
        started_s = time.monotonic()
        music = api.upload(path)
        self._write(f"POST /api/v1/music              -> {json.dumps(music)}")
        task = api.check(music["musicId"])
        self._write(f"POST /api/v1/fingerprint/check  -> {json.dumps(task)}")
        body = _await(lambda: own_receiver.received_body(slug=SOURCE_SLUG, task_id=task["taskId"]))
        if body is None:
            self._write("No callback came within the time allowed: see Callbacks in the admin pages.")
            return
        self._write(f"The callback, received {time.monotonic() - started_s:.1f} s after the upload began:")
        self._write(json.dumps(body, indent=2))
        added = Job.objects.filter(task_name=Job.Name.ADD, status=Job.Status.SUCCESS).order_by("pk").first()
        example = added and own_receiver.received_body(slug=SOURCE_SLUG, task_id=added.task_id)
        if example:
            self._write("The callback of one of the adds:")
            self._write(json.dumps(example, indent=2))


def _site_answers() -> bool:
    def ask() -> bool | None:
        try:
            return requests.get(f"{settings.PUBLIC_URL}/health/live", timeout=2).ok or None
        except requests.RequestException:
            return None

    return bool(_await(ask, within_s=_START_WITHIN_S))


def _await(ask: Callable[[], Any], *, within_s: float = _CALLBACK_WITHIN_S) -> Any:
    """Ask until there is an answer or the time is over."""
    deadline_s = time.monotonic() + within_s
    while time.monotonic() < deadline_s:
        answer = ask()
        if answer is not None:
            return answer
        time.sleep(0.1)
    return None


def _where_to_look(login: FirstLogin) -> str:
    if settings.LOG_TO == "stdout":  # where others read it: no password, no key
        return f"Ready. {settings.PUBLIC_URL}/ (the first login: {settings.DATA_DIR / 'first_login.json'})"
    url, key = settings.PUBLIC_URL, login.api_key or "$KEY"
    hint = login.api_key or f"KEY=… created at {url}/admin/catalog/apikey/add/"
    return f"""
────────────────────────────────────────────────────────────────────────────
  Ready.  {url}/
    log in as            {login.staff_name}    password  {login.staff_password}
    duplicates to review {url}/catalog/review/
    callbacks            {url}/admin/webhooks/received/
    the API, to try      {url}/api/docs/
    API key              {hint}

  With your own file (upload it, check it, get the result; fingerprint/add lets later checks find it):
    curl -H "Authorization: Bearer {key}" -F file=@song.mp3 {url}/api/v1/music
    curl -H "Authorization: Bearer {key}" --json '{{"musicId": "<musicId>"}}' {url}/api/v1/fingerprint/check
    curl -H "Authorization: Bearer {key}" {url}/api/v1/task/result/<taskId>

  Ctrl-C stops the site. All data is kept.
────────────────────────────────────────────────────────────────────────────"""
