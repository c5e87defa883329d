"""Forms whose login ended before they were sent: they lead back to a page, and what was sent is not lost unseen."""

from urllib.parse import parse_qs, urlsplit

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from catalog.models import Decision, Match
from tests.rows import make_match, make_track
from tests.site.every_url import PERMITTED, paths_for

HERE = {"Referer": "http://testserver/catalog/scan/?page=2", "Origin": "http://testserver"}


@pytest.fixture
def match(owner: User) -> Match:
    """A pair that waits."""
    return make_match(make_track(owner), make_track(owner))


def decide_url(match: Match) -> str:
    """Return where the decision goes."""
    return reverse("catalog:review_decide", args=[match.query_track_id, match.reference_track_id])


def place_after_login(answer: object) -> str:
    """Return where the login leads."""
    return parse_qs(urlsplit(answer["Location"]).query)["next"][0]  # type: ignore[index]


def test_a_decision_waits_behind_the_login_to_be_confirmed(client: Client, match: Match, staff: User) -> None:
    answer = client.post(decide_url(match), {"choice": "keep_b"})
    client.force_login(staff)
    page = client.get(place_after_login(answer)).content.decode()
    assert "Your session ended before this decision was stored: <strong>Same, keep B</strong>" in page
    assert not Decision.objects.exists()
    client.post(decide_url(match), {"choice": "keep_b"})
    assert Decision.objects.get().keeper == match.reference_track


@pytest.mark.slow
def test_every_form_leads_to_a_page(client: Client, db: None, desk: Client) -> None:
    """The address of a form is no page: after the login it would answer 405, with nothing on it."""
    blank = []
    for path in (path for path in paths_for(PERMITTED) if path.startswith("/catalog/")):
        answer = client.post(path, headers=HERE)
        if answer.status_code == 302 and desk.get(place_after_login(answer), follow=True).status_code == 405:
            blank.append(path)
    assert blank == []


@pytest.mark.parametrize("referer", ["", "https://elsewhere.example/catalog/scan/", "http://testserver:81/x", "//x"])
def test_the_login_leads_nowhere_else(client: Client, db: None, referer: str) -> None:
    answer = client.post("/catalog/scan/start/", headers={"Referer": referer})
    assert place_after_login(answer) == "/admin/"


def test_the_login_leads_to_the_page_of_the_form(client: Client, db: None) -> None:
    assert place_after_login(client.post("/catalog/scan/start/", headers=HERE)) == "/catalog/scan/?page=2"


def test_a_script_is_told_and_not_sent_to_a_page(client: Client, match: Match) -> None:
    answer = client.post(decide_url(match), {"choice": "keep_b"}, headers={"Accept": "application/json"})
    assert answer.status_code == 401
    assert answer.json()["login"].startswith("/admin/login/")


@pytest.fixture
def strict(staff: User) -> Client:
    """A session whose forms need the token."""
    client = Client(enforce_csrf_checks=True)
    client.force_login(staff)
    return client


def test_a_form_with_the_token_of_an_earlier_login_is_sent_again(strict: Client, match: Match) -> None:
    answer = strict.post(decide_url(match), {"choice": "keep_b", "csrfmiddlewaretoken": "x" * 64}, headers=HERE)
    page = answer.content.decode()
    assert answer.status_code == 403
    assert "Nothing was stored yet" in page
    assert '<input type="hidden" name="choice" value="keep_b">' in page
    assert "plain_page.css" in page
    token = page.split('name="csrfmiddlewaretoken" value="')[1].split('"')[0]
    strict.post(decide_url(match), {"choice": "keep_b", "csrfmiddlewaretoken": token}, headers=HERE)
    assert Decision.objects.get().keeper == match.reference_track


@pytest.mark.parametrize("origin", ["https://elsewhere.example", "null", ""])
def test_a_form_of_another_site_is_no_button_of_ours(strict: Client, match: Match, origin: str) -> None:
    page = strict.post(decide_url(match), {"choice": "keep_b"}, headers={"Origin": origin}).content.decode()
    assert "Nothing was stored yet" in page
    assert "keep_b" not in page


def test_a_password_is_not_written_into_the_page(strict: Client) -> None:
    form = {"old_password": "first word", "new_password1": "a long and quiet word"}
    page = strict.post("/admin/password_change/", form, headers=HERE).content.decode()
    assert "quiet" not in page
    assert "load it again" in page


def test_hostile_fields_stay_text(strict: Client, match: Match) -> None:
    page = strict.post(decide_url(match), {'"><script>': '"><img src=x>'}, headers=HERE).content.decode()
    assert "<script" not in page
    assert "<img" not in page
