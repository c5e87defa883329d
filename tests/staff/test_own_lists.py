"""Lists as a person likes them: columns, saved views, the one that opens, and who may change whose."""

import re
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import Permission, User
from django.test import Client

from catalog.models import Job, Track
from staff.lists.columns import always_there
from staff.models import AuditEntry, ListChoice, SavedView
from tests.rows import make_check, make_track

TRACKS = "/admin/catalog/track/"
SAVE, COLUMNS = "/admin/views/catalog.track/save/", "/admin/views/catalog.track/columns/"


def columns(answer: Any) -> list[str]:
    """Return the columns of a list that was answered, without the boxes."""
    return [name for name in answer.context["cl"].list_display if name != "action_checkbox"]


def member(name: str = "member", *permissions: str) -> Client:
    user = User.objects.create_user(name, is_staff=True)
    for each in permissions or ("catalog.view_track",):
        app, codename = each.split(".")
        user.user_permissions.add(Permission.objects.get(content_type__app_label=app, codename=codename))
    client = Client()
    client.force_login(user)
    return client


def saved(client: Client, name: str, query: str = "", **more: str) -> SavedView:
    client.post(SAVE, {"name": name, "query": query, **more})
    return SavedView.objects.get(name=name)


@pytest.mark.slow
def test_columns_are_chosen_by_each_person_and_given_back(desk: Client, owner: User) -> None:
    make_track(owner)
    every = list(admin.site._registry[Track].list_display)
    answer = desk.post(COLUMNS, {"columns": ["owner", "uploaded", "none-such"]}, follow=True)
    assert columns(answer) == ["name", "owner", "uploaded"]
    assert columns(desk.get(TRACKS)) == ["name", "owner", "uploaded"]
    assert columns(member().get(TRACKS)) == every, "one's own choice"
    desk.post(COLUMNS)
    assert columns(desk.get(TRACKS)) == every


def test_the_list_stays_sorted_when_columns_change(desk: Client, owner: User) -> None:
    place = columns(desk.get(TRACKS)).index("uploaded") + 1  # the boxes come first
    answer = desk.post(COLUMNS, {"columns": ["owner", "uploaded"], "query": f"o=-{place}&q=a"})
    assert answer["Location"] == f"{TRACKS}?q=a&o=-3"
    answer = desk.post(COLUMNS, {"columns": ["owner"], "query": "o=-3"})
    assert answer["Location"] == f"{TRACKS}?view=all", "what is not there sorts nothing"


@pytest.mark.slow
@pytest.mark.parametrize("rows", admin.site._registry.values(), ids=lambda rows: rows.opts.label_lower)
def test_every_list_keeps_the_way_to_its_rows(desk: Client, rows: Any) -> None:
    table = rows.opts.label_lower
    answer = desk.post(f"/admin/views/{table}/columns/", {"columns": ["none-such"]}, follow=True)
    assert answer.status_code == 200
    ListChoice.objects.update_or_create(account=User.objects.get(), table=table, defaults={"columns": ["none-such"]})
    page = desk.get(f"/admin/{table.replace('.', '/')}/")
    assert set(columns(page)) == always_there(rows)
    assert set(rows.list_display_links or rows.list_display[:1]) & set(columns(page))


def test_wide_and_late_columns_are_columns_and_never_the_way_to_a_row() -> None:
    for rows in admin.site._registry.values():
        assert {*rows.wide_columns, *rows.late_columns} <= set(rows.list_display), rows
        assert not set(rows.late_columns) & always_there(rows), rows


def test_a_view_is_saved_opened_and_opens_the_list(desk: Client, owner: User) -> None:
    make_track(owner, title="Blue")
    make_track(owner, title="Red")
    desk.post(COLUMNS, {"columns": ["owner", "uploaded"]})
    view = saved(desk, "Blue ones", "q=blue&o=-3&p=2", opens="1")
    assert (view.query, view.sorting, view.columns) == ("q=blue", ["-uploaded"], ["name", "owner", "uploaded"])
    desk.post(COLUMNS)
    answer = desk.get(TRACKS, follow=True)
    assert answer.redirect_chain == [(f"{TRACKS}?q=blue&o=-3&view={view.pk}", 302)]
    assert [track.title for track in answer.context["cl"].result_list] == ["Blue"]
    assert columns(answer) == ["name", "owner", "uploaded"]
    everything = desk.get(f"{TRACKS}?view=all")
    assert everything.context["cl"].result_count == 2
    desk.post(f"/admin/views/{view.pk}/change/", {"act": "open"})
    assert desk.get(TRACKS).status_code == 200, "all rows again"


def test_a_view_of_somebody_else_sorts_by_the_same_column(desk: Client, owner: User) -> None:
    """Who may do nothing with rows has no boxes before them, by which the columns are counted."""
    view = saved(desk, "By time", "o=-9", shared="1")
    assert view.sorting == ["-uploaded"]
    other = member("other", "catalog.view_track")
    page = other.get(TRACKS).content.decode()
    address = re.search(rf'href="([^"]*view={view.pk})"', page)
    assert address
    shown = other.get(address[1].replace("&amp;", "&"))
    name = view.sorting[0].removeprefix("-")
    place = next(iter(shown.context["cl"].get_ordering_field_columns()))
    assert shown.context["cl"].list_display[place] == name


def test_views_are_ones_own_until_they_are_shared(desk: Client) -> None:
    other = member("other")
    view = saved(desk, "Mine")
    assert "Mine" not in other.get(TRACKS).content.decode()
    assert other.post(f"/admin/views/{view.pk}/change/", {"act": "open"}).status_code == 403
    desk.post(f"/admin/views/{view.pk}/change/", {"act": "share"})
    page = other.get(TRACKS).content.decode()
    assert "Mine" in page
    assert "of staff" in page
    for act in ("rename", "share", "save"):
        assert other.post(f"/admin/views/{view.pk}/change/", {"act": act, "name": "Theirs"}).status_code == 403
    assert other.post(f"/admin/views/{view.pk}/delete/").status_code == 403
    assert other.post(f"/admin/views/{view.pk}/change/", {"act": "open"}).status_code == 302
    desk.post(f"/admin/views/{view.pk}/delete/")
    assert other.get(TRACKS).status_code == 200, "what opened the list is gone"


def test_a_view_belongs_to_one_list(desk: Client) -> None:
    view = saved(desk, "Of the tracks", shared="yes")
    tasks = "/admin/catalog/job/"
    assert "Of the tracks" in desk.get(TRACKS).content.decode()
    assert "Of the tracks" not in desk.get(tasks).content.decode()
    assert columns(desk.get(f"{tasks}?view={view.pk}")) == columns(desk.get(tasks))


def test_a_person_has_so_many_views_of_a_list(desk: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("staff.lists.acts.MOST_VIEWS", 2)
    for name in ("One", "Two"):
        saved(desk, name)
    page = desk.post(SAVE, {"name": "Three"}, follow=True).content.decode()
    assert "You have 2 views of this list. Delete one first." in page
    assert SavedView.objects.count() == 2


def test_a_name_is_taken_once_and_never_empty(desk: Client) -> None:
    view, second = saved(desk, "One"), saved(desk, "Two")
    answer = desk.post(SAVE, {"name": "One"}, follow=True)
    assert "Choose another name" in answer.content.decode()
    answer = desk.post(f"/admin/views/{second.pk}/change/", {"act": "rename", "name": "One"}, follow=True)
    assert "Choose another name" in answer.content.decode()
    assert "Give the view a name" in desk.post(SAVE, {"name": " \0 "}, follow=True).content.decode()
    desk.post(f"/admin/views/{view.pk}/change/", {"act": "rename", "name": "N" * 500})
    assert SavedView.objects.get(pk=view.pk).name == "N" * 80


def test_the_trail_has_what_is_done_with_others_views_alone(desk: Client) -> None:
    mate = member("mate")
    mine, theirs = saved(desk, "Mine", shared="1"), saved(mate, "Theirs", shared="1")
    desk.post(COLUMNS, {"columns": ["owner"]})
    desk.post(f"/admin/views/{mine.pk}/change/", {"act": "rename", "name": "Still mine"})
    desk.post(f"/admin/views/{theirs.pk}/change/", {"act": "open"})
    of_lists = AuditEntry.objects.filter(kind="change").exclude(act="auth.user.add")
    assert not of_lists.exists()
    desk.post(f"/admin/views/{theirs.pk}/change/", {"act": "rename", "name": "Ours"})
    entry = of_lists.get()
    assert (entry.act, entry.changes, entry.detail["owner"]) == (
        "staff.savedview.rename", {"name": ["Theirs", "Ours"]}, "mate",
    )  # fmt: skip
    desk.post(f"/admin/views/{theirs.pk}/delete/")
    assert AuditEntry.objects.filter(act="staff.savedview.delete").exists()


def test_an_act_that_there_is_not_changes_nothing_and_leaves_no_entry(desk: Client) -> None:
    theirs = saved(member("mate"), "Theirs", shared="1")
    assert desk.post(f"/admin/views/{theirs.pk}/change/", {"act": "anything.else"}).status_code == 404
    assert not AuditEntry.objects.filter(act__startswith="staff.savedview").exists()


def test_a_view_of_a_list_that_one_may_not_see_is_refused(desk: Client) -> None:
    view = saved(desk, "Shared", shared="1")
    elsewhere = member("elsewhere", "catalog.view_job")
    assert elsewhere.post(SAVE, {"name": "x"}).status_code == 403
    assert elsewhere.post(COLUMNS, {"columns": ["owner"]}).status_code == 403
    assert elsewhere.post(f"/admin/views/{view.pk}/change/", {"act": "open"}).status_code == 403
    assert desk.post("/admin/views/none.such/save/", {"name": "x"}).status_code == 403


@pytest.mark.slow
@pytest.mark.parametrize("view", ["", "x", "0", "9" * 40, "all", "-1"])
def test_odd_views_show_the_list(desk: Client, owner: User, view: str) -> None:
    make_track(owner)
    answer = desk.get(TRACKS, {"view": view, "indexed": "no"})
    assert answer.status_code == 200
    assert answer.context["cl"].result_count == 1


def test_odd_queries_are_kept_and_do_no_harm(desk: Client) -> None:
    view = saved(desk, "Odd", "?none-such=1&q=%00&o=99.-x.9999999999&e=1&view=3")
    answer = desk.get(TRACKS, {"view": view.pk, "none-such": "1"}, follow=True)
    assert answer.status_code == 200
    assert view.sorting == []


def test_chips_say_what_the_list_is_narrowed_down_by(desk: Client, owner: User) -> None:
    track = make_track(owner, title="Blue")
    make_check(track)
    page = desk.get(f"{TRACKS}?q=blue&indexed=no&owner__id__exact={owner.pk}&o=2").content.decode()
    chips = re.findall(
        r'class="mf-chip" href="([^"]+)".*?mf-dim">([^<]+)</span>\s*<span class="mf-cut">([^<]+)<', page, re.DOTALL
    )
    assert [(title, value) for _, title, value in chips] == [
        ("Search:", "blue"), ("Index:", "not in the index"), ("Owner:", "owner"),
    ]  # fmt: skip
    without_search = chips[0][0].replace("&amp;", "&")
    assert "q=" not in without_search
    assert "indexed=no" in without_search
    assert 'href="?o=2">Clear all' in page
    assert 'class="mf-chip"' not in desk.get(TRACKS).content.decode()
    status = desk.get("/admin/catalog/job/?status__exact=success").content.decode()
    assert re.search(r"Status:</span>\s*<span class=\"mf-cut\">success", status)
    score = desk.get("/admin/catalog/match/?score_from=1&score_to=").content.decode()
    assert re.search(r"Score:</span>\s*<span class=\"mf-cut\">1 to …", score)
    assert Job.objects.count() == 1


def test_a_filter_that_is_typed_in_keeps_the_others(desk: Client, owner: User) -> None:
    page = desk.get(f"{TRACKS}?indexed=no&q=blue&p=2&o=1").content.decode()
    form = page.split('id="filter-form"')[1].split("</form>")[0]
    kept = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', form))
    assert kept == {"indexed": "no", "q": "blue", "o": "1"}


def test_the_export_is_of_the_list_in_a_view(desk: Client, owner: User) -> None:
    make_track(owner, title="Blue")
    view = saved(desk, "All", "q=blue", opens="1")
    answer = desk.get(f"{TRACKS}export/?q=blue&view={view.pk}")
    assert "Blue" in b"".join(answer.streaming_content).decode("utf-8-sig")
