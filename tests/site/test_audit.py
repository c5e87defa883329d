"""Whatever staff change or export leaves an entry, whichever page or button it is; nobody can take one away."""

import asyncio
import json
import logging
from collections.abc import Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Group, Permission, User
from django.core.management import call_command
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone

from catalog.models import Track
from catalog.services import pruning
from staff import audit
from staff.models import AppendOnlyError, AuditEntry
from tests.rows import make_track
from tests.site.acts import ACTIONS, ACTS, SENDS_A_FILE, SHOWS_FIRST, Act, House, every_act
from tests.site.every_url import PERMITTED, ROWS, STAFF, filled
from tests.some import some

pytestmark = [pytest.mark.slow, pytest.mark.django_db]
ADDRESS = "192.0.2.77"
NEVER_SHOWN = ("whsec_", "mfp_", "a long and quiet word", "sealed:")

# Routes of staff that change nothing and send no file; a new route is in ACTS or here.
LOOKED_AT = {
    *("admin/", "admin/search/", "admin/jsi18n/", "admin/autocomplete/", "admin/password_change/done/"),
    *("admin/logout/", "admin/r/<path:content_type_id>/<path:object_id>/", "admin/(?P<url>.*)$"),
    *(route for route in ROWS if route.startswith("admin/^(?P<app_label>")),
    *("admin/catalog/track/arrivals/", "catalog/index/", "catalog/scan/"),
    *("catalog/scan/new/", "catalog/scan/<int:scan_id>/"),
    "admin/webhooks/refused/<path:object_id>/try-signature/",
    *("catalog/sidebar/", "admin/webhooks/endpoint/over-time/"),
    *("catalog/copies-to-remove/", "catalog/uses/", "catalog/uses/<int:track_id>/"),
    *(f"catalog/audio/<uuid:music_id>/{picture}" for picture in ("peaks/", "spectrogram.png", "telling.svg")),
    *("catalog/review/", "catalog/review/<int:first>/<int:second>/", "catalog/review/group/<int:track_id>/"),
    *("catalog/review/next/", "catalog/review/previous/"),
    # how one likes one's own lists is nobody's business
    *("admin/views/<str:table>/columns/", "admin/views/<str:table>/save/"),
    # what is put aside is remembered by the session alone
    *("catalog/review/skipped/", "catalog/review/<int:first>/<int:second>/skip/"),
}
OF_TABLES = ("", "<path:object_id>/history/", "<path:object_id>/")
# Forms of tables that nobody adds to, changes or deletes from by hand, whatever their permissions
NOT_BY_HAND = {
    "add/": (
        *("catalog/audiofile", "catalog/fingerprint", "catalog/indexoperation", "catalog/match", "catalog/bulkwork"),
        "catalog/evidencelink",
        "catalog/waitingpair",
        *("catalog/decision", "catalog/job", "django_q/failure", "django_q/ormq", "django_q/schedule"),
        *("webhooks/attempt", "webhooks/received", "webhooks/refused", "webhooks/message", "staff/auditentry"),
    ),
}
NOT_BY_HAND["<path:object_id>/change/"] = tuple(
    {*NOT_BY_HAND["add/"], "catalog/apikey", "catalog/rule", "webhooks/source"} - {"django_q/ormq"}
)
NOT_BY_HAND["<path:object_id>/delete/"] = tuple(
    {*NOT_BY_HAND["add/"], "catalog/apikey", "catalog/track"} - {"django_q/failure", "django_q/ormq"}
)


@pytest.fixture
def house(staff: User) -> House:
    """Rows to act on."""
    staff.set_password("first")
    staff.save()
    return House(staff)


def done_by(person: User, act: Act) -> list[dict[str, Any]]:
    """Do an act, put everything back, and return the entries that it left."""
    with transaction.atomic():
        client = Client(REMOTE_ADDR=ADDRESS)
        client.force_login(person)
        last = AuditEntry.objects.values_list("pk", flat=True).first() or 0
        act.do(client)
        entries = list(AuditEntry.objects.filter(pk__gt=last).values())
        transaction.set_rollback(True)
    return entries


def looked_at() -> Iterator[str]:
    """Return the routes that need no entry."""
    yield from LOOKED_AT
    tables = {route.removeprefix("admin/").removesuffix("add/") for route in ROWS if route.endswith("/add/")}
    yield from (f"admin/{table}{page}" for table in tables for page in OF_TABLES)
    yield from (f"admin/{table}/{page}" for page, names in NOT_BY_HAND.items() for table in names)


def test_every_route_of_staff_is_an_act_or_only_looked_at() -> None:
    routes = {route for route, kind in ROWS.items() if kind in (STAFF, PERMITTED)}
    assert set(looked_at()) & set(ACTS) == set()
    assert set(looked_at()) | set(ACTS) == routes


def test_every_act_leaves_an_entry(house: House, caplog: pytest.LogCaptureFixture) -> None:
    """One each, with who, what, on what and from where, and the same as a line of JSON."""
    silent, wrong = [], []
    for name, act in every_act(house).items():
        caplog.clear()
        entries = done_by(house.staff, act)
        if len(entries) != 1:
            silent.append((name, entries))
            continue
        [entry] = entries
        kind = "export" if name in SENDS_A_FILE else "change"
        if (entry["actor"], entry["actor_key"], entry["address"], entry["kind"]) != (
            "staff", house.staff.pk, ADDRESS, kind,
        ):  # fmt: skip
            wrong.append((name, entry))
        if not (entry["object_key"] or entry["detail"].get("rows") or entry["act"].endswith("export")):
            wrong.append((name, "on nothing", entry))
        lines = [record.msg for record in caplog.records if record.name == "audit"]
        if [(line["act"], line["actor"], line["address"]) for line in lines if "address" in line] != [
            (entry["act"], "staff", ADDRESS)
        ]:
            wrong.append((name, "in the log", lines))
        text = json.dumps([entry, lines], default=str)
        wrong += [(name, "shows a secret") for secret in NEVER_SHOWN if secret in text]
    assert silent == []
    assert wrong == []


def test_names_of_acts(house: House) -> None:
    acts = every_act(house)
    names = {name: [entry["act"] for entry in done_by(house.staff, act)] for name, act in acts.items()}
    assert names["admin/webhooks/endpoint/<path:object_id>/rotate_secret/"] == ["webhooks.endpoint.rotate_secret"]
    assert names["admin/catalog/track/export/"] == ["catalog.track.export"]
    assert names["catalog/review/<int:first>/<int:second>/decide/"] == ["review_decide"]
    assert names["catalog/track: remove_selected"] == ["catalog.track.remove_selected"]
    assert names["django_q/failure: run_again"] == ["django_q.failure.run_again"]
    assert (
        len({one for several in names.values() for one in several}) == len(ACTS) + len(ACTIONS) - len(SHOWS_FIRST) - 1
    )  # cancel


def test_entry_holds_before_and_after(house: House) -> None:
    acts = every_act(house)
    [renamed] = done_by(house.staff, acts["admin/catalog/track/<path:object_id>/change/"])
    assert renamed["changes"]["title"] == [house.track.title, "Renamed"]
    assert renamed["object_name"] == house.track.title
    [rotated] = done_by(house.staff, acts["admin/webhooks/endpoint/<path:object_id>/rotate_secret/"])
    assert rotated["changes"]["sealed_secret"] == ["(hidden)", "(hidden)"]
    [gone] = done_by(house.staff, acts["admin/auth/user/<path:object_id>/delete/"])
    assert gone["changes"]["username"] == ["friend", None]
    [made] = done_by(house.staff, acts["admin/auth/user/add/"])
    assert (made["object_name"], made["changes"]["username"]) == ("new", [None, "new"])
    powers = Act(
        f"/admin/auth/user/{house.friend.pk}/change/",
        {"username": "friend", "is_staff": "on", "groups": [house.group.pk], "date_joined_0": "2026-01-01",
         "date_joined_1": "00:00:00"},
    )  # fmt: skip
    [raised] = done_by(house.staff, powers)
    assert raised["changes"]["is_staff"] == [False, True]
    assert raised["changes"]["groups"] == [[], ["curators"]]


def test_line_in_the_log_is_there_whatever_the_level(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logging.getLogger(), "level", logging.ERROR)  # as LOG_LEVEL sets it
    audit.record("test.act")
    assert [record.msg["act"] for record in caplog.records if record.name == "audit"] == ["test.act"]


def test_export_says_what_was_asked_for(house: House) -> None:
    [entry] = done_by(house.staff, every_act(house)["admin/catalog/track/export/"])
    assert entry["detail"] == {"query": "q=Song"}


def test_refused_act_is_an_entry_too(house: House, reader: User) -> None:
    acts = every_act(house)
    [entry] = done_by(reader, acts["admin/webhooks/endpoint/<path:object_id>/rotate_secret/"])
    assert (entry["kind"], entry["actor"], entry["detail"]) == ("refused", "reader", {"status": 403})
    assert entry["object_name"] == house.endpoint.url


@pytest.mark.parametrize("method", ["get", "post"])
def test_looking_leaves_nothing(house: House, method: str) -> None:
    client = Client(REMOTE_ADDR=ADDRESS)
    client.force_login(house.staff)
    last = AuditEntry.objects.values_list("pk", flat=True).first()
    for route in set(looked_at()) - {"admin/logout/"}:
        getattr(client, method)(filled(route))
    left = AuditEntry.objects.filter(pk__gt=last).exclude(kind=AuditEntry.Kind.REFUSED)
    assert list(left.values_list("act", flat=True)) == []


def test_form_with_a_mistake_leaves_nothing(house: House) -> None:
    assert done_by(house.staff, Act("/admin/auth/user/add/", {"username": ""})) == []
    assert done_by(house.staff, Act(f"/admin/catalog/track/{house.track.pk}/change/", {"title": ""})) == []


def test_address_with_a_huge_number_is_no_error(desk: Client) -> None:
    for number in ("9" * 30, "x", "-1", "_"):
        assert desk.post(f"/admin/catalog/track/{number}/change/", {"title": "x"}).status_code < 500


def test_rows_with_odd_contents_are_told_of(house: House) -> None:
    """What a queue entry holds is any Python object, and a name of an action any text."""
    odd = {"now": timezone.now(), "error": ValueError("x"), "many": {1}, "text": "a\0b", "half": "\ud800"}
    house.failure.kwargs, house.failure.result = odd, float("inf")
    house.failure.save()
    [entry] = done_by(house.staff, every_act(house)["admin/django_q/failure/<path:object_id>/delete/"])
    assert entry["changes"]["kwargs"][0]["text"] == "a\ufffdb"
    assert entry["changes"]["result"] == ["inf", None]


def test_refused_act_with_odd_text_is_refused_all_the_same(house: House) -> None:
    clerk = User.objects.create_user("clerk", is_staff=True)
    [entry] = done_by(clerk, Act("/admin/catalog/track/", {"action": "a\0b", "_selected_action": ["\0", "1"]}))
    assert entry["kind"] == "refused"


def test_logins(staff: User) -> None:
    staff.set_password("first")
    staff.save()
    client = Client(REMOTE_ADDR=ADDRESS)
    for password in ("wrong", "first"):
        client.post("/admin/login/", {"username": "staff", "password": password})
    client.post("/admin/logout/")
    assert list(AuditEntry.objects.filter(address=ADDRESS).order_by("pk").values_list("act", "actor", "kind")) == [
        ("login_failed", "staff", "login"),
        ("login", "staff", "login"),
        ("logout", "staff", "login"),
    ]


def test_locked_logins_fill_no_table(staff: User, settings: Any) -> None:
    settings.AXES_FAILURE_LIMIT = 3
    client = Client(REMOTE_ADDR=ADDRESS)
    for _ in range(10):
        client.post("/admin/login/", {"username": "staff", "password": "wrong"})
    assert AuditEntry.objects.filter(act="login_failed").count() == 3


def test_commands_that_change_accounts_and_keys(owner: User, tmp_path: Any) -> None:
    last = AuditEntry.objects.values_list("pk", flat=True).first() or 0
    call_command("create_api_key", "owner", label="by hand")
    call_command("createsuperuser", interactive=False, username="chief", email="chief@example.org")
    chief = User.objects.get(username="chief")
    chief.set_password("another")
    chief.save()
    chief.delete()
    entries = list(AuditEntry.objects.filter(pk__gt=last).order_by("pk"))
    assert [(entry.act, entry.object_name) for entry in entries][1:] == [
        ("auth.user.add", "chief"),
        ("auth.user.change", "chief"),
        ("auth.user.delete", "chief"),
    ]
    assert entries[0].act == "catalog.apikey.add"
    assert entries[0].detail["owner"] == "owner"
    assert entries[2].changes == {"password": ["(hidden)", "(hidden)"]}
    assert all("@" in entry.actor and entry.actor_key is None and entry.detail["command"] for entry in some(entries))


def awaited(work: Coroutine[Any, Any, Any]) -> Any:
    """Run it in a thread of its own: once a browser was driven, this one has a loop that runs."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, work).result()


def test_nobody_changes_or_deletes_an_entry(staff: User, desk: Client) -> None:
    entry = audit.record("test.act", on=staff)
    conflicts: dict[str, Any] = {"unique_fields": ["id"], "update_fields": ["act"]}

    def other() -> AuditEntry:
        """Return an entry with the number of the one that is stored."""
        return AuditEntry(pk=entry.pk, kind="change", act="changed", actor="x")

    for forbidden in (
        entry.save,
        entry.delete,
        AuditEntry.objects.all().delete,
        lambda: AuditEntry.objects.update(actor="x"),
        lambda: AuditEntry.objects.bulk_create([other()], update_conflicts=True, **conflicts),
        lambda: awaited(AuditEntry.objects.abulk_create([other()], update_conflicts=True, **conflicts)),
    ):
        with pytest.raises(AppendOnlyError):
            forbidden()
    with pytest.raises(IntegrityError), transaction.atomic():
        other().save()
    assert AuditEntry.objects.get(pk=entry.pk).act == "test.act"
    for page in ("change", "delete"):
        assert desk.post(f"/admin/staff/auditentry/{entry.pk}/{page}/", {"post": "yes"}).status_code == 403
    assert desk.post("/admin/staff/auditentry/add/", {}).status_code == 403
    entries = Permission.objects.filter(content_type__app_label="staff", content_type__model="auditentry")
    assert [permission.codename for permission in entries] == ["view_auditentry"]
    staff.delete()
    assert AuditEntry.objects.get(pk=entry.pk).object_name == "staff"


def test_entries_go_when_their_time_is_over(settings: Any) -> None:
    settings.AUDIT_RETENTION_DAYS = 30
    kept = audit.record("new")
    old = AuditEntry(kind="change", act="old", actor="x", at=timezone.now() - timedelta(days=31))
    old.save()
    pruning.prune()
    assert set(AuditEntry.objects.values_list("pk", flat=True)) >= {kept.pk}
    assert not AuditEntry.objects.filter(pk=old.pk).exists()


def test_page_shows_filters_and_finds(house: House, desk: Client, owner: User) -> None:
    track: Track = make_track(owner, title="Before")
    desk.post(f"/admin/catalog/track/{track.pk}/change/", {"title": "After <b>"})
    entry = AuditEntry.objects.filter(act="catalog.track.change").get()
    page = desk.get(f"/admin/staff/auditentry/{entry.pk}/change/").content.decode()
    assert "&#x27;Before&#x27; → &#x27;After &lt;b&gt;&#x27;" in page
    for query in ("?q=Before", "?actor__icontains=staff", "?act__icontains=track.change", "?kind__exact=change"):
        assert b"catalog.track.change" in desk.get(f"/admin/staff/auditentry/{query}").content
    assert b"catalog.track.change" not in desk.get("/admin/staff/auditentry/?kind__exact=export").content


def test_trail_is_for_those_who_may_see_it() -> None:
    clerk = User.objects.create_user("clerk", is_staff=True)
    clerk.groups.add(Group.objects.create(name="nothing"))
    client = Client()
    client.force_login(clerk)
    assert client.get("/admin/staff/auditentry/").status_code == 403
