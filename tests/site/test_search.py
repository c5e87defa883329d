"""The search of everything: each kind is found by what it is known by, and only by those who may view it."""

import re
from dataclasses import replace
from importlib import import_module
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from catalog.models import Job, Track
from catalog.services.api_keys import create_key
from catalog.services.tracks.removal import remove_track
from tests.rows import make_check, make_track
from webhooks.models import Endpoint, Message, Received, Source
from webhooks.services import store_endpoint

SEARCH = "/admin/search/"
MESSAGE_ID = "msg_2fYxK0qQ1v7oHn3R"
# title of the group → what it takes to view it, and a word for each way in which it is found
KINDS: dict[str, tuple[str, tuple[str, ...]]] = {
    "Tracks": ("catalog.view_track", ("GBAYE0601498", "étude in", "final master", "Somebody", "vinyl-rip")),
    "Tasks": ("catalog.view_job", ("{task}", "{task_begins}", "{music_id}")),
    "Callbacks out": ("webhooks.view_message", (MESSAGE_ID, MESSAGE_ID[:9], "{task}")),
    "Callbacks in": ("webhooks.view_received", ("in_5f0c", "{task}")),
    "Callback URLs": ("webhooks.view_endpoint", ("receiver.example", "Rights desk")),
    "Sources": ("webhooks.view_source", ("partner",)),
    "API keys": ("catalog.view_apikey", ("ingest job",)),
    "Users": ("auth.view_user", ("owner@example",)),
    "Pages": ("catalog.view_match", ("duplicate review", "waiting")),
}


@pytest.fixture
def words(owner: User) -> dict[str, str]:
    """A row of every kind, and the ids that are made with it."""
    track = make_track(
        owner,
        title="01 - final master",
        isrc="GBAYE0601498",
        file_name="vinyl-rip.flac",
        tags={"title": "Étude in Blue"},
    )
    task, now = make_check(track), timezone.now()
    endpoint = store_endpoint(owner=owner, url="https://receiver.example/hook")
    endpoint.name = "Rights desk"
    endpoint.save()
    Message.objects.create(
        message_id=MESSAGE_ID, endpoint=endpoint, event="check_is_same", event_key="k", subject=task.task_id, body="{}",
        schedule_start=now, next_attempt_at=now, created_at=now,
    )  # fmt: skip
    source = Source.objects.create(slug="partner", sealed_secret="x")
    Received.objects.create(
        source=source, message_id="in_5f0c33", event="e", status="success", task_id=task.task_id, body="{}",
        mippia_verified=True, standard_verified=True, first_seen_at=now, last_seen_at=now,
    )  # fmt: skip
    create_key(owner=owner, label="ingest job")
    return {"task": task.task_id, "task_begins": task.task_id[:-3], "music_id": str(track.music_id)}


def found(client: Client, asked: str) -> dict[str, list[Any]]:
    """Return the hits by the title of their kind."""
    answer = client.get(SEARCH, {"q": asked, "panel": ""})
    assert answer.status_code == 200
    return {group.title: group.hits for group in answer.context["groups"]}


def member(*permissions: str) -> Client:
    """Return the session of a member of staff who has these permissions."""
    user = User.objects.create_user("member", is_staff=True)
    for name in permissions:
        app, codename = name.split(".")
        user.user_permissions.add(Permission.objects.get(content_type__app_label=app, codename=codename))
    client = Client()
    client.force_login(user)
    return client


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_is_found_by_whoever_may_view_it_and_nothing_else_is(kind: str, words: dict[str, str]) -> None:
    permission, known_by = KINDS[kind]
    only = member(permission)
    for word in known_by:
        hits = found(only, word.format(**words))
        assert hits[kind], word
        assert hits[kind][0].why
        assert set(hits) <= {kind, "Pages"}, word


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_no_kind_is_found_by_whoever_may_view_all_others(kind: str, words: dict[str, str]) -> None:
    others = {permission for name, (permission, _) in KINDS.items() if name != kind}
    without = member(*others)
    for word in KINDS[kind][1]:
        assert kind not in found(without, word.format(**words)), word


def test_a_superuser_finds_every_kind_and_a_clerk_none(desk: Client, words: dict[str, str]) -> None:
    clerk = member()
    for kind, (_, known_by) in KINDS.items():
        assert kind in found(desk, known_by[0].format(**words))
        assert set(found(clerk, known_by[0].format(**words))) <= {"Pages"}


def test_lost_powers_count_at_once(owner: User) -> None:
    make_track(owner, title="Kept secret")
    only = member("catalog.view_track")
    assert "Tracks" in found(only, "secret")
    User.objects.get(username="member").user_permissions.clear()
    assert "Tracks" not in found(only, "secret")


def test_why_names_what_holds_the_words(desk: Client, words: dict[str, str]) -> None:
    def told(asked: str) -> str:
        return str(found(desk, asked)["Tracks"][0].why)

    assert told("gbaye0601498") == "ISRC: GBAYE0601498"
    assert told("ÉTUDE") == "title in the tags: Étude in Blue"
    assert told("vinyl somebody") == "file: vinyl-rip.flac"


def test_a_removed_track_is_found_and_says_so_and_the_list_shows_it(desk: Client, owner: User) -> None:
    track = make_track(owner, title="Withdrawn")
    remove_track(track=track)
    page = desk.get(SEARCH, {"q": "withdrawn"})
    (group,) = page.context["groups"]
    assert "removed" in group.hits[0].beside
    assert desk.get(group.all_url).context["cl"].result_count == 1


def test_all_callbacks_to_a_url_are_one_step_away(desk: Client, words: dict[str, str]) -> None:
    (hit,) = found(desk, "receiver.example")["Callbacks out"]
    assert desk.get(hit.url).context["cl"].result_count == 1


@pytest.mark.slow
def test_the_list_finds_what_the_search_found(desk: Client, words: dict[str, str]) -> None:
    for asked in (words["task"], words["task_begins"], words["music_id"], MESSAGE_ID[:9]):
        for group in desk.get(SEARCH, {"q": asked}).context["groups"]:
            assert group.title == "Pages" or desk.get(group.all_url).context["cl"].result_count == 1


def test_few_are_shown_and_the_list_has_all(desk: Client, owner: User) -> None:
    for number in range(25):
        make_track(owner, title=f"Wave {number}")
    assert [hit.name for hit in found(desk, "wave")["Tracks"]] == [f"Wave {number}" for number in range(24, 19, -1)]
    (group,) = desk.get(SEARCH, {"q": "wave"}).context["groups"]
    assert len(group.hits) == 20
    assert desk.get(group.all_url).context["cl"].result_count == 25


@pytest.mark.parametrize("asked", ["", "x", "\0", "\0\0\0a", "%", "' OR 1=1 --", "z" * 5000, "task_\ud7ff"])
def test_odd_questions_are_answered(desk: Client, words: dict[str, str], asked: str) -> None:
    assert desk.get(SEARCH, {"q": asked}).status_code == 200
    assert set(found(desk, asked)) <= {"Pages"}


def test_it_asks_a_fixed_number_of_times(desk: Client, words: dict[str, str], owner: User) -> None:
    def asked() -> int:
        with CaptureQueriesContext(connection) as queries:
            found(desk, "somebody")
        return len(queries)

    asked()
    few = asked()
    for _ in range(20):
        make_check(make_track(owner))
    assert asked() == few
    assert Track.objects.count() == 21 == Job.objects.count()
    assert Endpoint.objects.count() == 1


def test_words_are_looked_for_in_the_newest_rows_and_the_list_has_all(
    desk: Client, owner: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    tracks = [make_track(owner, title=f"Wave {number}") for number in range(6)]
    searching = import_module("staff.search.everything")  # the package's name for it is its function
    kinds = [replace(kind, newest=4) if getattr(kind, "newest", 0) else kind for kind in searching._kinds]
    monkeypatch.setattr(searching, "_kinds", kinds)

    def told(asked: str) -> Any:
        (group,) = desk.get(SEARCH, {"q": asked}).context["groups"]
        return group

    assert [hit.name for hit in told("wave").hits] == ["Wave 5", "Wave 4", "Wave 3", "Wave 2"]
    assert told("wave").note == "Looked through the newest 4 only."
    assert "The list looks through all." in desk.get(SEARCH, {"q": "wave 1", "panel": ""}).content.decode()
    assert told("wave 1").hits == []
    assert desk.get(told("wave 1").all_url).context["cl"].result_count == 1
    assert [hit.name for hit in told(str(tracks[0].music_id)).hits] == ["Wave 0"]
    assert told(str(tracks[0].music_id)).note == ""
    monkeypatch.undo()
    assert len(told("wave").hits) == 6
    assert told("wave").note == ""


def test_the_newest_tracks_are_chosen_before_their_accounts_are_read(desk: Client, owner: User) -> None:
    """Else SQLite may go through the tracks by their accounts, and sort all that it finds."""
    make_track(owner)
    with CaptureQueriesContext(connection) as queries:
        found(desk, "somebody")
    (sql,) = [query["sql"] for query in queries if re.search('FROM "catalog_track".* LIKE ', query["sql"])]
    (chosen,) = re.findall(r"IN \((SELECT .* LIMIT 6)\)", sql)
    assert "LIKE" in chosen
    assert "JOIN" not in chosen


def test_without_scripts_the_field_is_a_form(desk: Client, words: dict[str, str]) -> None:
    page = desk.get("/admin/").content.decode()
    assert f'action="{SEARCH}"' in page
    answer = desk.get(SEARCH, {"q": "étude"}).content.decode()
    assert "title in the tags: Étude in Blue" in answer
    assert "See all in the list" in answer
