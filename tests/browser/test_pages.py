"""Every staff page in a browser: silent, alone on its host, no wider than the screen."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page
from pytest_django.live_server_helper import LiveServer

from catalog.models import Match, Track

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
WIDER = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
PAGES: dict[str, Callable[[Match], str]] = {
    "overview": lambda _: "/admin/",
    "review": lambda _: "/catalog/review/",
    "tracks": lambda _: "/admin/catalog/track/",
    "track": lambda match: match.query_track.get_absolute_url(),
    "track-remove": lambda match: f"/admin/catalog/track/{match.query_track_id}/remove/",
    "upload": lambda _: "/admin/catalog/track/add/",
    "tasks": lambda _: "/admin/catalog/job/",
    "task": lambda match: f"/admin/catalog/job/{match.job_id}/change/",
    "matches": lambda _: "/admin/catalog/match/",
    "match": lambda match: f"/admin/catalog/match/{match.pk}/change/",
    "decisions": lambda _: "/admin/catalog/decision/",
    "endpoints": lambda _: "/admin/webhooks/endpoint/",
    "callbacks-out": lambda _: "/admin/webhooks/message/",
    "callbacks-in": lambda _: "/admin/webhooks/received/",
    "sources": lambda _: "/admin/webhooks/source/",
    "refused": lambda _: "/admin/webhooks/refused/",
    "keys": lambda _: "/admin/catalog/apikey/",
    "key-add": lambda _: "/admin/catalog/apikey/add/",
    "files": lambda _: "/admin/catalog/audiofile/",
    "api-docs": lambda _: "/api/docs/",
}
NEVER_WIDER = ("overview", "review", "track")


def test_every_page_is_silent(page: Page, live_server: LiveServer, pair: Match) -> None:
    for name, path in PAGES.items():
        answer = page.goto(live_server.url + path(pair))
        page.wait_for_load_state("networkidle")
        assert answer, name
        assert answer.ok, name


@pytest.mark.parametrize("width", [390, 1400])
def test_no_page_is_wider_than_the_screen(page: Page, live_server: LiveServer, pair: Match, width: int) -> None:
    Track.objects.filter(pk=pair.query_track_id).update(title="W" * 255, artist="Ö" * 255)
    page.set_viewport_size({"width": width, "height": 900})
    for name in NEVER_WIDER:
        page.goto(live_server.url + PAGES[name](pair))
        assert page.evaluate(WIDER) <= 1, name
