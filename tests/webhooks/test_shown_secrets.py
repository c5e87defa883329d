"""Every secret that staff pages show is in one answer, in nothing that lasts, and signs."""

import json
import re
import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from catalog.models import ApiKey
from tests.webhooks.conftest import CHOICES
from tests.webhooks.receiver import Receiver, reply
from webhooks.models import Endpoint, Source
from webhooks.services import RotatedMeanwhileError, create_source, rotate_secret, rotate_source_secret
from webhooks.services.sealed_secrets import secrets_in_force

ADMIN = "/admin/webhooks"
SECRET = re.compile(r"whsec_[A-Za-z0-9+/=]{40,}|mfp_[0-9a-f]{8}_[\w-]{40,}")
Holder = Endpoint | Source
Rotate = Callable[[Any], str]


def make_endpoint(desk: Client, account: User, receiver: Receiver) -> HttpResponse:
    """Add a callback URL."""
    return desk.post(f"{ADMIN}/endpoint/add/", {"owner": account.pk, "url": receiver.url, "_continue": "1"} | CHOICES)


def make_source(desk: Client, account: User, receiver: Receiver) -> HttpResponse:
    """Add a source."""
    return desk.post(f"{ADMIN}/source/add/", {"slug": "peer", "secret": "", "_addanother": "1"})


def make_key(desk: Client, account: User, receiver: Receiver) -> HttpResponse:
    """Create an API key."""
    form = {"owner": account.pk, "label": "x", "tier": ApiKey.Tier.FREE, "expires_at_0": "", "expires_at_1": ""}
    return desk.post("/admin/catalog/apikey/add/", form)


def rotate_an_endpoint(desk: Client, account: User, receiver: Receiver) -> HttpResponse:
    """Rotate a callback URL's secret."""
    make_endpoint(desk, account, receiver)
    return desk.post(f"{ADMIN}/endpoint/{Endpoint.objects.get().pk}/rotate_secret/", {"_form_submitted": "True"})


def rotate_a_source(desk: Client, account: User, receiver: Receiver) -> HttpResponse:
    """Rotate a source's secret."""
    source, _ = create_source(slug="label")
    return desk.post(f"{ADMIN}/source/{source.pk}/rotate_secret/", {"_form_submitted": "True"})


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("make", [make_endpoint, make_source, make_key, rotate_an_endpoint, rotate_a_source])
def test_secret_is_in_one_answer_and_in_no_cookie_or_session(
    desk: Client, account: User, receiver: Receiver, make: Callable[..., HttpResponse]
) -> None:
    answer = make(desk, account, receiver)
    assert answer.status_code == 200
    (secret,) = set(SECRET.findall(answer.content.decode()))
    assert "no-store" in answer["Cache-Control"]
    kept = json.dumps([session.get_decoded() for session in Session.objects.all()], default=str)
    cookies = "".join(cookie.value for cookie in (*answer.cookies.values(), *desk.cookies.values()))
    assert secret not in kept
    assert "whsec" not in cookies
    assert secret not in cookies
    for page in ("/admin/", f"{ADMIN}/endpoint/", f"{ADMIN}/source/", "/admin/catalog/apikey/"):
        assert secret not in desk.get(page).content.decode()


@pytest.mark.django_db(transaction=True)
def test_page_with_the_secret_says_how_the_challenge_went(desk: Client, account: User, receiver: Receiver) -> None:
    assert "is verified" in make_endpoint(desk, account, receiver).content.decode()
    Endpoint.objects.all().delete()
    receiver.behaviour = reply(500)
    page = make_endpoint(desk, account, receiver).content.decode()
    assert "Not verified: " in page
    assert SECRET.search(page)


@pytest.fixture(params=["endpoint", "source"])
def holder(request: pytest.FixtureRequest) -> tuple[Holder, Rotate]:
    """Something with a secret, and what rotates it."""
    if request.param == "endpoint":
        return request.getfixturevalue("endpoint"), lambda one: rotate_secret(endpoint=one)
    return request.getfixturevalue("source")[0], lambda one: rotate_source_secret(source=one)


def test_every_secret_that_two_rotations_give_out_counts(holder: tuple[Holder, Rotate]) -> None:
    one, rotate = holder
    same = type(one).objects.get(pk=one.pk)
    first = rotate(one)
    with pytest.raises(RotatedMeanwhileError):
        rotate(same)
    same.refresh_from_db()
    assert secrets_in_force(same, now=timezone.now())[0] == first
    second = rotate(same)
    assert secrets_in_force(same, now=timezone.now()) == [second, first]


@pytest.mark.django_db(transaction=True)
def test_one_of_several_rotations_at_once_gives_a_secret_out(holder: tuple[Holder, Rotate]) -> None:
    one, rotate = holder
    given: list[str] = []
    start = threading.Barrier(4)

    def press() -> None:
        same = type(one).objects.get(pk=one.pk)
        start.wait()
        try:
            given.append(rotate(same))
        except RotatedMeanwhileError:
            pass
        finally:
            connection.close()

    threads = [threading.Thread(target=press) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    one.refresh_from_db()
    assert given == secrets_in_force(one, now=timezone.now())[:1]


def test_second_press_of_a_dialog_rotates_nothing(desk: Client, holder: tuple[Holder, Rotate]) -> None:
    one, _ = holder
    before = secrets_in_force(one, now=timezone.now())[0]
    url = f"{ADMIN}/{one._meta.model_name}/{one.pk}/rotate_secret/"
    dialog = desk.get(url).content.decode()
    seen = re.search(r'name="seen" value="(\w+)"', dialog)
    assert seen
    assert seen[1] not in one.sealed_secret
    form = {"_form_submitted": "True", "seen": seen[1]}
    shown = SECRET.search(desk.post(url, form, headers={"HX-Request": "true"}).content.decode())
    again = desk.post(url, form, headers={"HX-Request": "true"})
    assert shown
    assert "rotated a moment ago" in again.content.decode()
    assert "HX-Retarget" not in again, "the secret that the first press shows stays on the page"
    assert "rotated a moment ago" in desk.post(url, form, follow=True).content.decode()
    one.refresh_from_db()
    assert secrets_in_force(one, now=timezone.now()) == [shown[0], before]
