"""The first accounts, and the demo's own receiver."""

import json
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from catalog.models import ApiKey
from catalog.services.api_keys import find_key, revoke_key
from fingerprint_site.running import own_receiver
from fingerprint_site.running.accounts import DEMO_NAME, first_login
from fingerprint_site.secrets_file import read_or_create_secret
from webhooks.models import Endpoint


@pytest.fixture(autouse=True)
def own_folder(settings: Settings, tmp_path: Path) -> Path:
    """Keep each test's first login apart."""
    settings.DATA_DIR = tmp_path
    return tmp_path


def test_second_start_has_the_first_ones_login(db: None, own_folder: Path) -> None:
    first = first_login()
    assert first_login() == first
    assert User.objects.get(username="admin").check_password(first.staff_password)
    key = find_key(first.api_key)
    assert key is not None
    assert key.owner.username == DEMO_NAME
    assert not key.owner.is_staff
    assert (own_folder / "first_login.json").stat().st_mode & 0o777 == 0o600
    assert json.loads((own_folder / "first_login.json").read_text())["api_key"] == first.api_key


def test_revoked_key_is_replaced_and_a_set_password_stays(db: None, own_folder: Path) -> None:
    first = first_login()
    revoke_key(key=ApiKey.objects.get())
    (own_folder / "first_login.json").unlink()
    again = first_login()
    assert again.api_key != first.api_key
    assert again.staff_password == "(as you set it)"
    assert User.objects.get(username="admin").check_password(first.staff_password)


def test_secret_is_made_once_and_private(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "key"
    assert read_or_create_secret(path) == read_or_create_secret(path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.django_db(transaction=True)
def test_receiver_follows_the_site_but_not_an_owners_choice(
    owner: User, live_server: LiveServer, settings: Settings
) -> None:
    settings.WEBHOOK_ALLOWED_PRIVATE_HOSTS = [live_server.url.removeprefix("http://")]
    for _ in range(2):
        own_receiver.connect(owner=owner, slug="demo", base_url=live_server.url)
    endpoint = Endpoint.objects.get(owner=owner)
    assert endpoint.verified_at is not None
    Endpoint.objects.update(url=endpoint.url.replace(live_server.url, "http://127.0.0.1:1"), verified_at=None)
    own_receiver.connect(owner=owner, slug="demo", base_url=live_server.url)
    endpoint.refresh_from_db()
    assert endpoint.url.startswith(live_server.url)
    Endpoint.objects.update(url="https://label.example/hook")
    own_receiver.connect(owner=owner, slug="demo", base_url=live_server.url)
    assert Endpoint.objects.get(owner=owner).url == "https://label.example/hook"
