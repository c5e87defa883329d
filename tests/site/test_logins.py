"""Logins that fail are counted by account and by address, in the database, and both are locked for a while."""

from datetime import timedelta
from typing import Any

import pytest
from axes.models import AccessAttempt
from django.contrib.auth.models import User
from django.test import Client, RequestFactory
from django.urls import reverse
from django.utils import timezone

from fingerprint_site.client_address import ClientAddressMiddleware

PASSWORD = "a long and quiet word"


@pytest.fixture(autouse=True)
def few_failures(settings: Any) -> None:
    """Three failures lock."""
    settings.AXES_FAILURE_LIMIT = 3


@pytest.fixture
def chief(db: None) -> User:
    """A member of staff with a password."""
    return User.objects.create_superuser("chief", password=PASSWORD)


def log_in(name: str, password: str, *, address: str = "192.0.2.1", **headers: str) -> Any:
    """Try to log in from `address`."""
    client = Client(REMOTE_ADDR=address)
    return client.post(reverse("admin:login"), {"username": name, "password": password}, headers=headers)


def test_the_right_password_lets_in(chief: User) -> None:
    assert log_in("chief", PASSWORD).status_code == 302


def test_account_is_locked_wherever_the_guesses_come_from(chief: User) -> None:
    for number in range(3):
        answer = log_in("chief", "wrong", address=f"192.0.2.{number}")
    assert answer.status_code == 429
    locked = log_in("chief", PASSWORD, address="192.0.2.77")
    assert locked.status_code == 429
    assert b"locked" in locked.content


def test_address_is_locked_whichever_account_it_guesses(chief: User) -> None:
    for number in range(3):
        log_in(f"name-{number}", "wrong")
    assert log_in("chief", PASSWORD).status_code == 429
    assert log_in("chief", PASSWORD, address="192.0.2.2").status_code == 302


def test_lock_ends_by_itself(chief: User, settings: Any) -> None:
    for _ in range(3):
        log_in("chief", "wrong")
    past = timezone.now() - settings.AXES_COOLOFF_TIME - timedelta(seconds=1)
    AccessAttempt.objects.update(attempt_time=past)
    assert log_in("chief", PASSWORD).status_code == 302


def test_passwords_are_not_kept(chief: User) -> None:
    log_in("chief", "wrong-but-close")
    kept = AccessAttempt.objects.values().get()
    assert "wrong-but-close" not in str(kept)


def test_forwarded_address_counts_only_behind_a_proxy(chief: User, settings: Any) -> None:
    """Without one, a caller who sends a new header each time is still the same caller."""
    for number in range(3):
        log_in("nobody", "wrong", **{"X-Forwarded-For": f"198.51.100.{number}"})
    assert log_in("chief", PASSWORD, **{"X-Forwarded-For": "198.51.100.9"}).status_code == 429


@pytest.mark.parametrize(
    ("header", "address"),
    [
        ("198.51.100.7", "198.51.100.7"),
        ("6.6.6.6, 198.51.100.7", "198.51.100.7"),
        ("198.51.100.7, 2001:db8::1", "2001:db8::1"),
        ("nonsense", "192.0.2.1"),
        ("", "192.0.2.1"),
    ],
)
def test_proxy_is_believed_about_its_own_entry(settings: Any, header: str, address: str) -> None:
    settings.TRUST_PROXY = True
    request = RequestFactory(REMOTE_ADDR="192.0.2.1").get("/", headers={"X-Forwarded-For": header})
    ClientAddressMiddleware(lambda _: None)(request)  # type: ignore[arg-type,return-value]
    assert request.META["REMOTE_ADDR"] == address
