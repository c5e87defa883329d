"""The first accounts, and the demo's own receiver."""

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connections
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from catalog.models import ApiKey
from catalog.services.api_keys import find_key, revoke_key
from fingerprint_site.running import own_receiver
from fingerprint_site.running.accounts import AS_SET, DEMO_NAME, FirstLogin, first_login, make_first_accounts
from fingerprint_site.secrets_file import read_or_create_secret
from webhooks.models import Endpoint, Source


@pytest.fixture(autouse=True)
def own_folder(settings: Settings, tmp_path: Path) -> Path:
    """Keep each test's first login apart."""
    settings.DATA_DIR = tmp_path
    return tmp_path


def start(*, with_demo: bool = True) -> FirstLogin:
    """Do what a start does, and return what it would print."""
    make_first_accounts(with_demo=with_demo)
    return first_login()


def keys() -> list[Any]:
    """Return every key, as it stands."""
    return list(ApiKey.objects.order_by("pk").values())


def test_second_start_has_the_first_ones_login(db: None, own_folder: Path) -> None:
    first = start()
    assert start() == first
    assert User.objects.get(username="admin").check_password(first.staff_password)
    key = find_key(first.api_key)
    assert key is not None
    assert key.owner.username == DEMO_NAME
    assert not key.owner.is_staff
    assert (own_folder / "first_login.json").stat().st_mode & 0o777 == 0o600
    assert json.loads((own_folder / "first_login.json").read_text())["api_key"] == first.api_key


def test_start_makes_nobody_staff_where_only_ordinary_accounts_are_left(db: None, own_folder: Path) -> None:
    User.objects.create_user("label")
    assert not make_first_accounts(with_demo=True)
    assert list(User.objects.values_list("username", "is_staff")) == [("label", False)]
    assert not (own_folder / "first_login.json").exists()


@pytest.mark.parametrize("kept", ["the file", "no file"])
def test_start_makes_nothing_anew(db: None, own_folder: Path, kept: str) -> None:
    """Keys revoked, accounts deleted, turned off, renamed: so they stay."""
    User.objects.create_user("chief", is_staff=True)
    first = FirstLogin("admin", "x", "y")
    for operator in (
        lambda: None,
        lambda: ApiKey.objects.all().delete(),
        lambda: User.objects.filter(username__in=["admin", DEMO_NAME]).delete(),
        lambda: User.objects.update(is_active=False),
        lambda: User.objects.update(username="renamed"),
    ):
        operator()
        if kept == "no file":
            (own_folder / "first_login.json").unlink(missing_ok=True)
        else:
            (own_folder / "first_login.json").write_text(json.dumps(asdict(first)))
        before = list(User.objects.values()), keys()
        login = start()
        assert (list(User.objects.values()), keys()) == before
        assert (login.staff_password, login.api_key) == (AS_SET, "")


def test_revoked_key_and_changed_password_are_not_shown(db: None, own_folder: Path) -> None:
    start()
    revoke_key(key=ApiKey.objects.get())
    account = User.objects.get(username="admin")
    account.set_password("another")
    account.save()
    known = keys()
    again = start()
    assert (again.staff_name, again.staff_password, again.api_key) == ("admin", AS_SET, "")
    assert keys() == known


def test_deployment_without_the_demo_has_nothing_of_it(db: None, own_folder: Path) -> None:
    login = start(with_demo=False)
    assert login.api_key == ""
    assert list(User.objects.values_list("username", flat=True)) == ["admin"]
    start()  # nor does a later start with the demo bring it in
    assert User.objects.count() == 1
    assert keys() == []


def test_accounts_that_could_not_be_written_down_are_not_made(db: None, own_folder: Path) -> None:
    (own_folder / "first_login.tmp").mkdir()
    with pytest.raises(OSError, match="first_login"):
        start()
    assert not User.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_hosts_that_start_at_the_same_moment_make_one_account() -> None:
    with ThreadPoolExecutor(4) as pool:
        made = list(pool.map(_start_and_close, range(4)))
    assert made.count(True) == 1
    assert sorted(User.objects.values_list("username", flat=True)) == ["admin", DEMO_NAME]
    assert User.objects.get(username="admin").check_password(first_login().staff_password)


def _start_and_close(_: int) -> bool:
    try:
        return make_first_accounts(with_demo=True)
    finally:
        connections.close_all()


def test_callback_url_that_was_deleted_stays_deleted(owner: User) -> None:
    own_receiver.follow(owner=owner, slug="demo", base_url="http://127.0.0.1:1")
    assert not Endpoint.objects.exists()
    assert not Source.objects.exists()


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
    Endpoint.objects.update(candidate_url="https://label.example/hook")
    own_receiver.connect(owner=owner, slug="demo", base_url="http://127.0.0.1:1")
    endpoint.refresh_from_db()
    assert endpoint.candidate_url == "https://label.example/hook"
    assert endpoint.url.startswith(live_server.url)
    Endpoint.objects.update(url="https://label.example/hook", candidate_url="")
    own_receiver.connect(owner=owner, slug="demo", base_url=live_server.url)
    assert Endpoint.objects.get(owner=owner).url == "https://label.example/hook"
