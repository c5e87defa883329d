"""The staff pages with a large catalog, over HTTP as a browser asks for them."""

import re
import statistics
import time

import requests

from bench.goals import Goal
from bench.load.large_catalog import Sizes

REPEATS = 5
LIMIT_MS = 300.0
PAGES = {
    "overview": "/admin/",
    "tracks": "/admin/catalog/track/",
    "tracks, page 100": "/admin/catalog/track/?p=100",
    "tracks, searched": "/admin/catalog/track/?q=Song+4711",
    "one track": "/admin/catalog/track/{track}/change/",
    "tasks": "/admin/catalog/job/",
    "tasks that failed": "/admin/catalog/job/?status__exact=failure",
    "tasks, searched": "/admin/catalog/job/?q=task_20260101000000_00004711",
    "one task": "/admin/catalog/job/{job}/change/",
    "matches": "/admin/catalog/match/",
    "duplicate review": "/catalog/review/",
    "group of copies": "/catalog/review/group/{found}/",
    "duplicate scan": "/catalog/scan/",
    "callbacks out": "/admin/webhooks/message/",
    "callbacks that failed": "/admin/webhooks/message/?state__exact=failed",
    "callbacks out, searched": "/admin/webhooks/message/?q=task_20260101000000_00004711",
    "one callback": "/admin/webhooks/message/{job}/change/",
    "attempts": "/admin/webhooks/attempt/",
    "callback URLs": "/admin/webhooks/endpoint/",
    "API keys": "/admin/catalog/apikey/",
    "health": "/health/ready",
}


def measure(url: str, password: str, sizes: Sizes, database: str) -> list[Goal]:
    """Time each page `REPEATS` times after a first time that is not counted; the goal is on the median of each."""
    session = _logged_in(url, password)
    slow, worst = [], 0.0
    for name, path in PAGES.items():
        address = url + path.format(track=sizes.tracks // 2, found=2, job=sizes.jobs // 2)
        first = session.get(address, timeout=120)
        if first.status_code not in (200, 503):
            raise SystemExit(f"{address} answers {first.status_code}")
        times = sorted(_timed(session, address) for _ in range(REPEATS))
        median = statistics.median(times)
        worst = max(worst, median)
        print(f"  {name:24} median {median:6.0f} ms, most {times[-1]:6.0f} ms, {len(first.content) / 1000:5.0f} kB")
        if median > LIMIT_MS:
            slow.append(f"{name} {median:.0f} ms")
    what = f"{sizes.tracks:,} tracks, {sizes.jobs:,} tasks, {sizes.attempts:,} attempts, {database}"
    reached = f"slowest {worst:.0f} ms" + (f"; over it: {', '.join(slow)}" if slow else "")
    return [Goal(f"each page <= {LIMIT_MS:.0f} ms (median of {REPEATS}) with {what}", reached, not slow)]


def _timed(session: requests.Session, address: str) -> float:
    began_s = time.perf_counter()
    session.get(address, timeout=120)
    return (time.perf_counter() - began_s) * 1000


def _logged_in(url: str, password: str) -> requests.Session:
    session = requests.Session()
    page = session.get(f"{url}/admin/login/", timeout=30)
    found = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page.text)
    token = found[1] if found else ""
    form = {"username": "admin", "password": password, "csrfmiddlewaretoken": token, "next": "/admin/"}
    session.post(f"{url}/admin/login/", data=form, headers={"Referer": url}, timeout=30)
    if "sessionid" not in session.cookies:
        raise SystemExit("The staff account cannot log in.")
    return session
