"""What a person sees where nothing is, where they may not go, and where something fails."""

import errno
from typing import Any

import pytest
from django.contrib.auth.middleware import AuthenticationMiddleware
from django.contrib.auth.models import User
from django.db import InterfaceError, OperationalError
from django.test import Client
from django.urls import reverse

from catalog.models import Match


@pytest.mark.parametrize(("path", "status"), [("/nothing/", 404), ("/catalog/review/", 403)])
def test_page_says_what_it_is_and_leads_on(client: Client, owner: User, path: str, status: int) -> None:
    owner.is_staff = True
    owner.save()
    client.force_login(owner)
    answer = client.get(path)
    assert answer.status_code == status
    page = answer.content.decode()
    assert f'href="{reverse("admin:index")}"' in page
    assert "fingerprint_site/plain_page.css" in page
    assert "<script" not in page


def test_login_leads_nowhere_else(client: Client, db: None) -> None:
    """The site has no other front page to return to."""
    assert "Return to site" not in client.get(reverse("admin:login")).content.decode()


def failing(error: Exception) -> Any:
    """Return what raises an error, whatever it is called with."""

    def fail(*args: object, **values: object) -> None:
        raise error

    return fail


@pytest.mark.parametrize(
    "error",
    [
        OperationalError("database is locked"),
        InterfaceError("connection already closed"),
        OSError(errno.ENOSPC, "full"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_database_that_does_not_answer(desk: Client, monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    desk.raise_request_exception = False
    monkeypatch.setattr(Match.objects, "all", failing(error))
    answer = desk.get("/catalog/review/", {"not": "7"})
    assert (answer.status_code, answer["Retry-After"]) == (503, "10")
    page = answer.content.decode()
    assert "The site is not available at the moment" in page
    assert 'href="/catalog/review/?not=7"' in page
    assert "fingerprint_site/plain_page.css" in page
    asked = desk.get("/catalog/review/", headers={"Accept": "application/json"})
    assert (asked.status_code, asked["Retry-After"]) == (503, "10")
    assert asked.json() == {"detail": "The service is not available at the moment. Try again later."}


def test_database_that_does_not_answer_before_the_view(desk: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.raise_request_exception = False
    monkeypatch.setattr(AuthenticationMiddleware, "process_request", failing(OperationalError("away")))
    assert desk.get(reverse("admin:index")).status_code == 503
    answer = desk.post("/webhooks/incoming/x/")  # a program: JSON
    assert (answer.status_code, answer["Retry-After"]) == (503, "10")
    assert answer.json() == {"detail": "The service is not available at the moment. Try again later."}


def test_defect(desk: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.raise_request_exception = False
    monkeypatch.setattr(Match.objects, "all", failing(ValueError("a defect")))
    answer = desk.get("/catalog/review/")
    assert answer.status_code == 500
    assert "Retry-After" not in answer
    page = answer.content.decode()
    assert "Something went wrong on our side" in page
    assert "fingerprint_site/plain_page.css" in page
