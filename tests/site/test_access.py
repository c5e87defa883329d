"""Every URL against everybody: a new URL without a row here fails."""

import re
import uuid
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import Group, Permission, User
from django.test import Client
from django.urls import get_resolver
from django.urls.resolvers import URLPattern, URLResolver
from django.utils import timezone
from rest_framework.test import APIClient

from catalog.models import ApiKey, Job, Track
from catalog.services.api_keys import create_key, revoke_key
from catalog.services.tasks import accepting
from tests.conftest import client_of
from tests.webhooks.conftest import CHOICES
from webhooks.models import Endpoint, Source
from webhooks.services import create_source, store_endpoint

pytestmark = pytest.mark.django_db

ANYBODY = "anybody"  # nothing of an account's is behind it
KEY = "an API key"
STAFF = "any member of staff"  # shows only what the member has permissions for
PERMITTED = "staff with the permission"

# Every table of the admin, and what its pages can do beside the five that Django gives each.
TABLES = {
    **{f"auth/{name}": () for name in ("group",)},
    "auth/user": ("<id>/password/",),
    **{f"catalog/{name}": () for name in ("audiofile", "fingerprint", "indexoperation")},
    "catalog/match": ("export/", "<path:object_id>/evidence/"),
    "catalog/apikey": ("<path:object_id>/revoke/",),
    "catalog/bulkwork": ("<path:object_id>/stop/", "<path:object_id>/undo/"),
    "catalog/evidencelink": ("<path:object_id>/revoke/",),
    "catalog/rule": tuple(
        f"<path:object_id>/{name}/" for name in ("try", "run", "stop", "switch-on", "switch-off", "undo")
    ),
    "catalog/decision": ("<path:object_id>/undo/", "export/"),
    "catalog/waitingpair": (),
    "catalog/job": ("<path:object_id>/run-again/", "<path:object_id>/stop/"),
    "catalog/track": (
        *("<int:track_id>/remove/", "<path:object_id>/restore/", "arrivals/", "export/"),
        *("<path:object_id>/add-to-index/", "<path:object_id>/check/"),
        *("<path:object_id>/confirm/", "<path:object_id>/withdraw/", "<path:object_id>/keep/"),
    ),
    **{f"django_q/{name}": () for name in ("failure", "ormq", "schedule")},
    **{f"webhooks/{name}": () for name in ("attempt", "received")},
    "webhooks/refused": ("<path:object_id>/try-signature/",),
    "staff/auditentry": (),
    "webhooks/endpoint": (
        "over-time/",
        *(
            f"<path:object_id>/{name}/"
            for name in ("send_test", "verify_again", "rotate_secret", "recover_failed", "replay", "turn_off")
        ),
    ),
    "webhooks/message": ("<path:object_id>/send_again/", "<path:object_id>/delete_content/"),
    "webhooks/source": ("<path:object_id>/rotate_secret/",),
}
OF_EACH = ("", "add/", *(f"<path:object_id>/{name}" for name in ("history/", "delete/", "change/", "")))

ROWS = {
    **dict.fromkeys(("", "favicon.ico", "admin/login/"), ANYBODY),
    **dict.fromkeys(("api/schema/", "api/schema", "api/docs/", "api/docs"), ANYBODY),
    **dict.fromkeys(("health/live", "health/ready"), ANYBODY),
    **dict.fromkeys(("webhooks/incoming/<str:slug>/", "webhooks/incoming/<str:slug>"), ANYBODY),
    **dict.fromkeys(("admin/", "admin/search/", "admin/logout/", "admin/jsi18n/", "admin/autocomplete/"), STAFF),
    **dict.fromkeys(("admin/password_change/", "admin/password_change/done/"), STAFF),
    "admin/r/<path:content_type_id>/<path:object_id>/": STAFF,
    "admin/^(?P<app_label>auth|staff|django_q|webhooks|catalog)/$": STAFF,
    "admin/(?P<url>.*)$": STAFF,
    **{f"admin/{table}/{page}": PERMITTED for table, more in TABLES.items() for page in (*OF_EACH, *more)},
    **{f"api/v1/{call}": KEY for call in ("music", "music/<str:music_id>", "task", "events", "key")},
    **{f"api/v1/fingerprint{call}": KEY for call in ("", "/add", "/check", "/remove")},
    **{f"admin/views/{form}/": PERMITTED for form in ("<str:table>/columns", "<str:table>/save")},
    **{f"admin/views/<int:view_id>/{act}/": PERMITTED for act in ("change", "delete")},
    "api/v1/callback-url": KEY,
    **{
        f"api/v1/callback-url/<str:url_id>{what}": KEY
        for what in (
            *("", "/verify", "/secret", "/rotate", "/test", "/recover", "/replay", "/deliveries"),
            *("/deliveries/<str:message_id>", "/deliveries/<str:message_id>/content"),
        )
    },
    **{
        f"api/v1/uploads{what}": KEY
        for what in ("", "/", "/presigned", "/<str:upload_id>", "/<str:upload_id>/complete")
    },
    **{f"api/v1/task/result/<str:task_id>{what}": KEY for what in ("", "/matches")},
    **{f"catalog/audio/<uuid:music_id>/{what}": PERMITTED for what in ("", "peaks/", "spectrogram.png", "telling.svg")},
    **{f"catalog/review/{what}": PERMITTED for what in ("", "bulk/", "next/", "previous/", "skipped/")},
    "catalog/review/undo/<int:decision_id>/": PERMITTED,
    **{f"catalog/review/<int:first>/<int:second>/{what}": PERMITTED for what in ("", "decide/", "skip/")},
    **{f"catalog/review/<int:first>/<int:second>/{what}/": PERMITTED for what in ("note", "give", "opinion")},
    **{f"catalog/review/group/<int:track_id>/{what}": PERMITTED for what in ("", "decide/")},
    **{f"catalog/uses/{what}": PERMITTED for what in ("", "<int:track_id>/", "<int:track_id>/decide/")},
    "catalog/uses/<int:track_id>/undo/<int:decision_id>/": PERMITTED,
    "catalog/uses/<int:track_id>/tracks.<str:kind>": PERMITTED,
    "catalog/evidence/<str:token>/": ANYBODY,  # who has a signed link; one pair and no more is behind it
    **{f"catalog/copies-to-remove/{what}": PERMITTED for what in ("", "remove/")},
    "catalog/index/": PERMITTED,
    "catalog/sidebar/": STAFF,
    **{f"catalog/scan/{what}": PERMITTED for what in ("", "new/", "start/", "schedules/new/")},
    **{f"catalog/scan/<int:scan_id>/{what}": PERMITTED for what in ("", "cancel/", "resume/")},
    **{f"catalog/scan/schedules/<int:schedule_id>/{what}": PERMITTED for what in ("", "switch/", "delete/")},
}


def routes(within: Any = None, prefix: str = "") -> Iterator[str]:
    """Every route of the URLconf."""
    for pattern in (within or get_resolver()).url_patterns:
        route = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from routes(pattern, route)
        elif isinstance(pattern, URLPattern):
            yield route


def paths_for(*kinds: str) -> list[str]:
    """Return the paths of these kinds with something in every place."""
    return [_filled(route) for route, kind in ROWS.items() if kind in kinds]


def _filled(route: str) -> str:
    text = route.replace("^(?P<app_label>auth|staff|django_q|webhooks|catalog)/$", "catalog/")
    text = text.replace("(?P<url>.*)$", "nothing-of-this-name/")
    text = text.replace("<uuid:music_id>", str(uuid.UUID(int=7))).replace(
        "<str:task_id>", "task_20260402055414_LmxwriSZ"
    )
    return "/" + re.sub(r"<[^>]+>", "1", text)


def test_every_url_has_a_row_and_every_row_a_url() -> None:
    assert set(routes()) == set(ROWS)


@pytest.fixture
def clerk(db: None) -> Client:
    """A member of staff without any permission."""
    client = Client()
    client.force_login(User.objects.create_user("clerk", is_staff=True))
    return client


def keys_of(owner: User) -> dict[str, str]:
    """Return an expired and a revoked key."""
    expired = create_key(owner=owner, expires_at=timezone.now() - timedelta(days=1))[1]
    row, revoked = create_key(owner=owner)
    revoke_key(key=row)
    return {"expired": expired, "revoked": revoked}


def strangers(owner: User, outsider: User) -> dict[str, Client]:
    """Return everybody who has no business on a staff page."""
    ordinary = Client()
    ordinary.force_login(outsider)
    good = create_key(owner=outsider, tier=ApiKey.Tier.CUSTOM, custom_per_minute=100_000)[1]
    texts = {"good key": good} | keys_of(owner)
    with_keys = {name: Client(headers={"Authorization": f"Bearer {text}"}) for name, text in texts.items()}
    return {"nobody": Client(), "account that is no staff": ordinary} | with_keys


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


def test_another_accounts_key_finds_nothing(
    outsider_api: APIClient, owner: User, add_track: Callable[..., Track], battle: Path
) -> None:
    track = add_track(battle)
    job = accepting.accept_job(track=track, owner=owner, task_name=Job.Name.CHECK)
    for call in ("add", "check"):
        answer = outsider_api.post(f"/api/v1/fingerprint/{call}", {"musicId": str(track.music_id)}, format="json")
        assert answer.status_code == 422
        many = outsider_api.post(f"/api/v1/fingerprint/{call}", {"musicIds": [str(track.music_id)]}, format="json")
        assert many.status_code == 422
    removal = outsider_api.post("/api/v1/fingerprint/remove", {"musicId": str(track.music_id)}, format="json")
    assert removal.status_code == 422
    for path in (f"task/result/{job.task_id}", f"task/result/{job.task_id}/matches", f"music/{track.music_id}"):
        assert outsider_api.get(f"/api/v1/{path}").status_code == 404
    assert outsider_api.patch(f"/api/v1/music/{track.music_id}", {"title": "mine"}, format="json").status_code == 404
    assert outsider_api.delete(f"/api/v1/music/{track.music_id}").status_code == 404
    for path in ("music", "task", "events"):
        assert outsider_api.get(f"/api/v1/{path}").json()["results"] == []
    assert outsider_api.get("/api/v1/key").json()["tracks"] == 0
    assert outsider_api.get(f"/api/v1/task?musicId={track.music_id}").json()["results"] == []
    track.refresh_from_db()
    assert (track.title, track.removed_at) == ("battle-music", None)
    assert Job.objects.count() == 1


@pytest.mark.slow
@pytest.mark.parametrize("range_header", ["", "bytes=0-99", "bytes=-5", "bytes=0-0,2-3"])
@pytest.mark.parametrize("what", ["", "peaks/", "spectrogram.png", "telling.svg"])
def test_nobody_hears_what_is_not_theirs(
    owner: User,
    outsider: User,
    clerk: Client,
    add_track: Callable[..., Track],
    battle: Path,
    what: str,
    range_header: str,
) -> None:
    track = add_track(battle)
    path = f"/catalog/audio/{track.music_id}/{what}"
    headers = {"Range": range_header} if range_header else {}
    for client in [*strangers(owner, outsider).values(), clerk]:
        for answer in (client.get(path, headers=headers), client.head(path, headers=headers)):
            assert answer.status_code in (302, 403, 405)
            assert "Content-Range" not in answer
            assert b"OggS" not in answer.content


def test_those_who_may_hear(desk: Client, reading: Client, add_track: Callable[..., Track], battle: Path) -> None:
    track = add_track(battle)
    for client in (desk, reading):
        answer = client.get(f"/catalog/audio/{track.music_id}/", headers={"Range": "bytes=0-3"})
        assert answer.status_code == 206
        assert b"".join(answer.streaming_content) == b"OggS"


@pytest.fixture
def reading(db: None) -> Client:
    """A member of staff who may look at tracks and no more."""
    user = User.objects.create_user("reading", is_staff=True)
    user.user_permissions.add(Permission.objects.get(codename="view_track"))
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def registrar(db: None) -> tuple[Client, User]:
    """A member of staff who may edit accounts and groups, and is no superuser."""
    user = User.objects.create_user("registrar", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(content_type__app_label="auth"))
    client = Client()
    client.force_login(user)
    return client, user


def test_registrar_cannot_raise_anybody(registrar: tuple[Client, User]) -> None:
    client, user = registrar
    group = Group.objects.create(name="powers")
    for account in (user, User.objects.create_user("friend")):
        form = {
            "username": account.username,
            "is_active": "on",
            "is_staff": "on",
            "is_superuser": "on",
            "groups": [group.pk],
            "user_permissions": list(Permission.objects.values_list("pk", flat=True)),
            "date_joined_0": "2026-01-01",
            "date_joined_1": "00:00:00",
        }
        before = account.user_permissions.count()
        assert client.post(f"/admin/auth/user/{account.pk}/change/", form).status_code == 302
        account.refresh_from_db()
        assert not account.is_superuser
        assert account.is_staff == (account == user)
        assert account.user_permissions.count() == before
        assert account.groups.count() == 0
    assert client.post("/admin/auth/group/add/", {"name": "mine"}).status_code == 403
    assert client.post(f"/admin/auth/group/{group.pk}/change/", {"name": "powers"}).status_code == 403


def test_registrar_cannot_take_an_account_with_powers_over(registrar: tuple[Client, User], staff: User) -> None:
    client, _ = registrar
    password = {"password1": "a long and quiet word", "password2": "a long and quiet word"}
    colleague = User.objects.create_user("colleague", is_staff=True)
    for account in (staff, colleague, User.objects.create_user("hidden", is_superuser=True)):
        assert client.post(f"/admin/auth/user/{account.pk}/password/", password).status_code == 403
        assert client.post(f"/admin/auth/user/{account.pk}/delete/", {"post": "yes"}).status_code == 403
        client.post(f"/admin/auth/user/{account.pk}/change/", {"username": "taken"})
        account.refresh_from_db()
        assert account.username != "taken"


def test_registrar_cannot_delete_a_superuser_from_the_list(registrar: tuple[Client, User], staff: User) -> None:
    client, user = registrar
    user.user_permissions.set(Permission.objects.all())
    chosen = {"action": "delete_selected", "_selected_action": [staff.pk], "post": "yes"}
    assert client.post("/admin/auth/user/", chosen).status_code == 403
    assert User.objects.filter(pk=staff.pk).exists()


def test_nobody_makes_keys_for_accounts_with_more_power(registrar: tuple[Client, User], staff: User) -> None:
    """Not even with every permission there is: that is less than a superuser's."""
    client, user = registrar
    user.user_permissions.set(Permission.objects.all())
    colleague, ordinary = User.objects.create_user("colleague", is_staff=True), User.objects.create_user("ordinary")
    hidden = User.objects.create_user("hidden", is_superuser=True)  # sees no staff page, and may everything
    for account in (staff, colleague, hidden, ordinary, user):
        client.post("/admin/catalog/apikey/add/", {"owner": account.pk, "tier": "free"})
    assert set(ApiKey.objects.values_list("owner", flat=True)) == {ordinary.pk, user.pk}


def test_nobody_takes_the_callbacks_of_accounts_with_more_power(registrar: tuple[Client, User], staff: User) -> None:
    """Whoever sets an account's URL, or sees its secret, hears and speaks for it."""
    client, user = registrar
    user.user_permissions.set(Permission.objects.all())
    url = "https://mine.invalid/hook"
    client.post("/admin/webhooks/endpoint/add/", {"owner": staff.pk, "url": url} | CHOICES)
    assert not Endpoint.objects.exists()
    endpoint = store_endpoint(owner=staff, url="https://theirs.invalid/hook")
    before = Endpoint.objects.values().get()
    buttons = ("rotate_secret", "turn_off", "verify_again", "send_test", "recover_failed", "replay")
    for page in ("change", "delete", *buttons):
        form = {"url": url, "post": "yes", "since": "24", "_form_submitted": "True"} | CHOICES
        assert client.post(f"/admin/webhooks/endpoint/{endpoint.pk}/{page}/", form).status_code == 403
    assert Endpoint.objects.values().get() == before
    client.post("/admin/webhooks/endpoint/add/", {"owner": user.pk, "url": url} | CHOICES)
    assert Endpoint.objects.filter(owner=user).exists()


def test_nobody_writes_what_the_queue_is_to_run(desk: Client) -> None:
    """A schedule names a Python function and its arguments: with it, a stolen session would be a shell."""
    form = {"func": "os.system", "args": "'id'", "schedule_type": "O", "repeats": "1", "next_run_0": "2026-01-01"}
    assert desk.post("/admin/django_q/schedule/add/", form).status_code == 403


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
