"""Every URL against everybody: a new URL without a row in `every_url.py` fails."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.test import Client
from rest_framework.test import APIClient

from catalog.models import Track
from tests.conftest import client_of
from tests.site.every_url import ANYBODY, KEY, PERMITTED, ROWS, STAFF, paths_for, routes
from tests.site.strangers import keys_of, strangers
from webhooks.models import Source
from webhooks.services import create_source

pytestmark = pytest.mark.django_db


def test_every_url_has_a_row_and_every_row_a_url() -> None:
    assert set(routes()) == set(ROWS)


@pytest.mark.slow
def test_staff_pages_send_strangers_away(owner: User, outsider: User) -> None:
    wrong = []
    for name, client in strangers(owner, outsider).items():
        for path in paths_for(STAFF, PERMITTED):
            for answer in (client.get(path), client.post(path)):
                to_login = answer.status_code == 302 and "/admin/login/" in answer["Location"]
                logged_out = path == "/admin/logout/"
                if not (to_login or logged_out or answer.status_code in (403, 405)):
                    wrong.append((name, path, answer.status_code))
    assert wrong == []


@pytest.mark.slow
def test_staff_without_a_permission_is_refused(clerk: Client) -> None:
    """Whichever way is taken: no page of a table opens, and none of its buttons works."""
    wrong = []
    for path in paths_for(PERMITTED):
        statuses = (clerk.get(path).status_code, clerk.post(path).status_code)
        if not ({*statuses} <= {403, 405} and 403 in statuses):
            wrong.append((path, statuses))
    # Django sends on from a row's short address, and from the history of a row that is not there.
    assert [row for row in wrong if not re.fullmatch(r"/admin/\w+/\w+/1/(history/)?", row[0])] == []
    account = User.objects.create_user("somebody")
    assert clerk.get(f"/admin/auth/user/{account.pk}/history/").status_code == 403


def test_staff_without_a_permission_sees_an_empty_house(clerk: Client) -> None:
    for path in set(paths_for(STAFF)) - {"/admin/logout/"}:
        assert clerk.get(path).status_code in (200, 302, 403, 404), path


@pytest.mark.slow
def test_superuser_is_refused_nothing(desk: Client) -> None:
    """Reading: 404 and redirects for rows that are not there, 405 for buttons, 403 for what nobody does by hand."""
    by_hand = re.compile(r"/(add|delete)/$")
    for path in set(paths_for(STAFF, PERMITTED)) - {"/admin/logout/"}:
        status = desk.get(path).status_code
        assert status in (200, 302, 404, 405) or (status == 403 and by_hand.search(path)) or "autocomplete" in path, (
            path
        )


@pytest.mark.slow
def test_api_takes_keys_and_nothing_else(owner: User, outsider: User, desk: Client, clerk: Client) -> None:
    keys = {name: Client(headers={"Authorization": f"Bearer {text}"}) for name, text in keys_of(owner).items()}
    expected = {"nobody": 401, "superuser's session": 401, "clerk's session": 401, "expired": 401, "revoked": 404}
    clients = {"nobody": Client(), "superuser's session": desk, "clerk's session": clerk} | keys
    for path in paths_for(KEY):
        for name, client in clients.items():
            for answer in (client.get(path), client.post(path, "{}", content_type="application/json")):
                assert answer.status_code == expected[name], (path, name)


def test_incoming_needs_a_signature(db: None) -> None:
    create_source(slug="somebody")
    answer = Client().post("/webhooks/incoming/somebody/", '{"task_id": "x"}', content_type="application/json")
    assert answer.status_code == 401
    assert Source.objects.get().refused_count == 1


@pytest.mark.slow
def test_pages_for_anybody_show_no_row(
    api: APIClient, owner: User, add_track: Callable[..., Track], battle: Path
) -> None:
    track = add_track(battle)
    for path in set(paths_for(ANYBODY)):
        answer = Client().get(path)
        assert answer.status_code < 500 or path == "/health/ready", path
        assert str(track.music_id).encode() not in answer.content
        assert owner.username.encode() not in answer.content.replace(b"powner", b"")
    assert client_of(owner).get("/api/v1/nothing").status_code == 404
