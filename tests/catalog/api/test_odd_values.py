"""Values that no form asks for: they are refused in words, whatever the database, and nothing fails."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from rest_framework.test import APIClient

from webhooks.models import Endpoint
from webhooks.services import store_endpoint

pytestmark = pytest.mark.django_db
LONE = r"\ud800"
LISTS = {
    "/api/v1/music": ("created_after", "created_before"),
    "/api/v1/task": ("ended_after",),
    "/api/v1/callback-url/{id}/deliveries": ("created_after", "created_before"),
}


@pytest.fixture
def url(owner: User) -> Endpoint:
    """A callback URL of the owner."""
    return store_endpoint(owner=owner, url="http://192.0.2.7/x")


@pytest.mark.parametrize("moment", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"])
def test_a_moment_outside_of_the_calendar_is_refused(api: APIClient, url: Endpoint, moment: str) -> None:
    for path, names in LISTS.items():
        for name in names:
            answer = api.get(path.format(id=url.public_id), {name: moment})
            assert answer.status_code == 422, (path, name)
            assert list(answer.json()["errors"]) == [name]


@pytest.mark.parametrize("moment", ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "2026-03-01T10:00:00+05:30"])
def test_a_moment_of_the_calendar_is_taken(api: APIClient, url: Endpoint, moment: str) -> None:
    for path, names in LISTS.items():
        for name in names:
            assert api.get(path.format(id=url.public_id), {name: moment}).status_code == 200, (path, name)


@pytest.mark.parametrize(
    ("call", "body"),
    [
        ("", f'{{"{LONE}": 1}}'),
        ("", f'{{"body_format": "{LONE}"}}'),
        ("", f'{{"signature": "{LONE}"}}'),
        ("", f'{{"events": ["{LONE}"]}}'),
        ("", f'{{"headers": {{"{LONE}": 5}}}}'),
        ("/replay", f'{{"{LONE}": 1}}'),
    ],
)
def test_half_of_a_pair_of_surrogates_is_refused(api: APIClient, url: Endpoint, call: str, body: str) -> None:
    send: Any = api.post if call else api.patch
    answer = send(f"/api/v1/callback-url/{url.public_id}{call}", data=body, content_type="application/json")
    assert answer.status_code == 422
    assert answer.json()["errors"]


@pytest.mark.parametrize(
    ("url", "taken"),
    [("/api/v1/fingerprint/check", "application/json"), ("/api/v1/music", "multipart/form-data")],
)
def test_a_body_of_another_type_is_told_which_one_is_taken(api: APIClient, url: str, taken: str) -> None:
    """`curl -d` sends JSON as a form unless it is told."""
    answer = api.generic("POST", url, '{"musicId": ""}', content_type="application/x-www-form-urlencoded")
    assert answer.status_code == 422
    assert answer.json()["errors"] == {"body": [f"Send the body as {taken}."]}
