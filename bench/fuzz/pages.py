"""The staff pages after the fire: hostile titles and tags stand in them, as text."""

import json
import re
from pathlib import Path

import requests

LISTS = [
    "/admin/",
    "/admin/catalog/track/",
    "/admin/catalog/job/",
    "/admin/catalog/match/",
    "/admin/catalog/audiofile/",
]
COMPUTED = 1234 * 5678  # what a title would show that a template had run; no page counts so far
LIVE = re.compile(rf"<script>document\.title='taken'|<img src=x|{COMPUTED}|onerror=alert\(1\)>", re.IGNORECASE)


class Desk:
    """A browser session of the staff account, without a browser."""

    def __init__(self, url: str, folder: Path) -> None:
        login = json.loads((folder / "first_login.json").read_text("utf-8"))
        self._url = url
        self._session = requests.Session()
        page = self._session.get(f"{url}/admin/login/", timeout=60).text
        token = re.findall(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
        form = {"username": login["staff_name"], "password": login["staff_password"], "csrfmiddlewaretoken": token[0]}
        answer = self._session.post(f"{url}/admin/login/", data=form, headers={"Referer": url}, timeout=60)
        answer.raise_for_status()

    def troubles(self, track_pages: int) -> tuple[int, list[str]]:
        """How many pages were looked at, and which failed or carried what they should only have shown."""
        seen, troubles = 0, []
        for path in [*LISTS, *self._track_pages(track_pages)]:
            answer = self._session.get(self._url + path, timeout=60)
            seen += 1
            if answer.status_code != 200:
                troubles.append(f"{path}: {answer.status_code}")
            elif LIVE.search(answer.text):
                troubles.append(f"{path}: {LIVE.search(answer.text)}")
        return seen, troubles

    def _track_pages(self, most: int) -> list[str]:
        found: list[str] = []
        for number in range(1, 40):
            text = self._session.get(f"{self._url}/admin/catalog/track/?p={number}", timeout=60).text
            new = [path for path in re.findall(r"/admin/catalog/track/\d+/change/", text) if path not in found]
            found += list(dict.fromkeys(new))
            if not new or len(found) >= most:
                break
        return found[:most]
