"""Bearer keys: each case of the contract's table, and the headers on every answer."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone
from rest_framework.test import APIClient

from catalog.models import ApiKey, ApiKeyDay
from catalog.services.api_keys import create_key, revoke_key
from catalog.services.rate_limits import count_call, use_by_day

URL = "/api/v1/task/result/task_20260402055414_AbCdEfGh"
UNKNOWN_KEY = {"detail": "This API key is unknown."}  # an unknown task is 404 too, in other words
RATE_HEADERS = ("X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset")


def ask(header: str | None) -> object:
    """Ask with this `Authorization` header."""
    client = APIClient()
    if header is not None:
        client.credentials(HTTP_AUTHORIZATION=header)
    return client.get(URL)


@pytest.mark.parametrize("header", [None, "", "Bearer", "Basic abc", "Token x", "Bearer a b"])
def test_missing_or_not_bearer_is_401(db: None, header: str | None) -> None:
    response = ask(header)
    assert response.status_code == 401
    assert response["WWW-Authenticate"] == "Bearer"
    assert set(response.json()) == {"detail"}


@pytest.mark.parametrize("text", ["x", "mfp_00000000_nope", "mfp__", "mfp_ab\x00cd_x", "é" * 50, "mfp_" + "a" * 5000])
def test_unknown_is_404(db: None, text: str) -> None:
    response = ask(f"Bearer {text}")
    assert response.status_code == 404
    assert response.json() == UNKNOWN_KEY


def test_expired_is_401(owner: User) -> None:
    _, text = create_key(owner=owner, expires_at=timezone.now() - timedelta(seconds=1))
    response = ask(f"Bearer {text}")
    assert response.status_code == 401
    assert response["WWW-Authenticate"] == "Bearer"
    assert "expired" in response.json()["detail"]


def test_an_expired_key_is_told_its_own_standing_and_not_counted(owner: User) -> None:
    row, text = create_key(owner=owner, tier="custom", custom_per_minute=7)
    counted = [ask(f"Bearer {text}") for _ in range(3)][-1]
    ApiKey.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    answers = [ask(f"Bearer {text}") for _ in range(2)]
    if answers[-1]["X-RateLimit-Reset"] == counted["X-RateLimit-Reset"]:  # the minute has not turned in between
        assert {tuple(answer[name] for name in RATE_HEADERS) for answer in answers} == {
            ("7", "4", counted["X-RateLimit-Reset"])
        }
    assert {answer.status_code for answer in answers} == {401}
    assert sum(calls for _, calls in use_by_day(row)) == 3


def test_revoked_is_404(owner: User) -> None:
    row, text = create_key(owner=owner)
    revoke_key(key=row)
    response = ask(f"Bearer {text}")
    assert (response.status_code, response.json()) == (404, UNKNOWN_KEY)


def test_inactive_account_is_404(owner: User) -> None:
    _, text = create_key(owner=owner)
    owner.is_active = False
    owner.save()
    response = ask(f"Bearer {text}")
    assert (response.status_code, response.json()) == (404, UNKNOWN_KEY)


def test_right_prefix_with_another_secret_is_404(owner: User) -> None:
    row, _ = create_key(owner=owner)
    response = ask(f"Bearer mfp_{row.prefix}_{'x' * 43}")
    assert (response.status_code, response.json()) == (404, UNKNOWN_KEY)


def test_known_key_reaches_the_call(owner: User) -> None:
    _, text = create_key(owner=owner)
    response = ask(f"bearer {text}")
    assert response.status_code == 404
    assert response.json() == {"detail": "You have no task with this id."}


def test_key_is_not_stored(owner: User) -> None:
    _, text = create_key(owner=owner)
    row = ApiKey.objects.values().get()
    assert text not in str(row)
    assert text.split("_", 2)[2] not in str(row)  # the secret may have underscores of its own


def test_every_answer_carries_the_rate_headers(owner: User) -> None:
    _, text = create_key(owner=owner)
    for header in (None, "Bearer nobody", f"Bearer {text}"):
        response = ask(header)
        for name in RATE_HEADERS:
            assert response[name].isdigit(), (header, name)


@pytest.mark.slow
@pytest.mark.parametrize(("tier", "own", "limit"), [("free", None, 10), ("paid", None, 100), ("custom", 3, 3)])
def test_limit_of_each_tier(owner: User, tier: str, own: int | None, limit: int) -> None:
    _, text = create_key(owner=owner, tier=tier, custom_per_minute=own)
    answers = [ask(f"Bearer {text}") for _ in range(limit + 1)]
    if answers[0]["X-RateLimit-Reset"] != answers[-1]["X-RateLimit-Reset"]:
        ApiKeyDay.objects.all().delete()  # the minute turned in between: what it has counted is forgotten
        answers = [ask(f"Bearer {text}") for _ in range(limit + 1)]
    assert [answer.status_code for answer in answers[-3:]] == [404, 404, 429]
    last = answers[-1]
    assert last["X-RateLimit-Limit"] == str(limit)
    assert last["X-RateLimit-Remaining"] == "0"
    assert 1 <= int(last["Retry-After"]) <= 60
    assert set(last.json()) == {"detail"}


def test_unknown_address_answers_in_the_apis_shape(db: None) -> None:
    response = APIClient().get("/api/v1/nothing/here")
    assert response.status_code == 404
    assert set(response.json()) == {"detail"}


def test_use_is_shown(desk: Client, owner: User) -> None:
    row, _ = create_key(owner=owner)
    url = f"/admin/catalog/apikey/{row.pk}/change/"
    assert "No calls yet." in desk.get(url).content.decode()
    ApiKeyDay.objects.create(api_key=row, day=timezone.now().date() - timedelta(days=2), calls=1234)
    count_call(row)
    page = desk.get(url).content.decode()
    assert "1,235" in page
    assert "1,234" in page
