"""Every list of the admin: opens, searches, filters, and asks the database no more often for more rows."""

import re

import pytest
from django.contrib import admin
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from catalog.models import BulkWork, Decision, Fingerprint, IndexOperation, Track
from catalog.services.api_keys import create_key
from staff.admin.large_tables import COUNTED_ROWS, LimitedCountPaginator
from tests.rows import make_check, make_match, make_track
from tests.some import some

LISTS = ["track", "audiofile", "fingerprint", "job", "match", "decision", "apikey", "indexoperation", "bulkwork"]
QUEUE = ["failure", "ormq", "schedule"]


def fill(count: int) -> None:
    """Add `count` rows to every table of the catalog, each with an account of its own."""
    start = Track.objects.count()
    for number in range(start, start + count):
        owner = User.objects.create_user(f"owner-{number}")
        one, other = make_track(owner), make_track(owner)
        make_match(one, other)
        Decision.objects.create(first_track=one, second_track=other, verdict="same", keeper=one, decided_by=owner)
        create_key(owner=owner)
        BulkWork.objects.create(kind="check", track_ids=[one.pk], total=1, asked_by=owner)
        Fingerprint.objects.create(audio_file=one.audio_file, version="1", data=b"x", size_bytes=1, duration_s=30.0)
        IndexOperation.objects.create(sequence=number + 1, kind="add", track_key=one.pk, version="1")


def count_queries(client: Client, url: str) -> int:
    """Open a page and count what it asked the database."""
    with CaptureQueriesContext(connection) as queries:
        response = client.get(url)
    assert response.status_code == 200
    return len(queries)


@pytest.mark.slow
@pytest.mark.parametrize("model", LISTS)
def test_no_query_for_each_row(desk: Client, model: str) -> None:
    url = reverse(f"admin:catalog_{model}_changelist")
    fill(2)
    count_queries(desk, url)  # the first request fills caches of content types
    with_few = count_queries(desk, url)
    fill(8)
    assert count_queries(desk, url) == with_few


@pytest.mark.slow
@pytest.mark.parametrize("model", LISTS)
@pytest.mark.parametrize("query", ["?q=song", "?q=1", "?q=none-such", "?o=1", "?o=-2"])
def test_search_and_order(desk: Client, model: str, query: str) -> None:
    fill(1)
    assert desk.get(reverse(f"admin:catalog_{model}_changelist") + query).status_code == 200


def test_list_is_titled_by_what_it_lists(desk: Client) -> None:
    assert re.search(r"<title>\s*Tracks \|", desk.get("/admin/catalog/track/").content.decode())


@pytest.mark.slow
@pytest.mark.parametrize("model", LISTS)
def test_empty_list(desk: Client, model: str) -> None:
    assert desk.get(reverse(f"admin:catalog_{model}_changelist")).status_code == 200


@pytest.mark.parametrize("model", QUEUE)
def test_queue_tables_have_the_look(desk: Client, model: str) -> None:
    response = desk.get(reverse(f"admin:django_q_{model}_changelist"))
    assert response.status_code == 200
    assert b"unfold/css/styles" in response.content


@pytest.mark.slow
@pytest.mark.parametrize("name", ["auth_user", "auth_group"])
def test_accounts_have_the_look(desk: Client, name: str) -> None:
    assert desk.get(reverse(f"admin:{name}_changelist")).status_code == 200
    assert desk.get(reverse(f"admin:{name}_add")).status_code == 200


@pytest.mark.slow
@pytest.mark.parametrize(
    "query",
    [
        "?indexed=yes",
        "?indexed=no",
        "?checked=duplicate",
        "?checked=none",
        "?checked=never",
        "?state=removed",
        "?state=all",
        "?codec=mp3",
        "?owner__id__exact=1",
        "?added=7",
        "?scanned=never",
    ],
)
def test_track_filters(desk: Client, owner: User, query: str) -> None:
    make_track(owner)
    assert desk.get(reverse("admin:catalog_track_changelist") + query).status_code == 200


def test_removed_tracks_are_asked_for(desk: Client, owner: User) -> None:
    make_track(owner, title="Present one")
    make_track(owner, title="Removed one", removed_at=timezone.now(), audio_file=None)
    url = reverse("admin:catalog_track_changelist")
    assert "Removed one" not in desk.get(url).content.decode()
    removed = desk.get(url + "?state=removed").content.decode()
    assert "Removed one" in removed
    assert "Present one" not in removed


def test_a_whole_music_id_finds_its_track(desk: Client, owner: User) -> None:
    wanted, other = make_track(owner, title="Wanted"), make_track(owner, title="Other")
    page = desk.get(reverse("admin:catalog_track_changelist"), {"q": str(wanted.music_id)}).content.decode()
    assert wanted.title in page
    assert other.title not in page


def test_a_whole_task_id_is_found_by_its_index_and_words_otherwise(desk: Client, owner: User) -> None:
    wanted = make_match(make_track(owner, title="Wanted"), make_track(owner)).job
    other = make_match(make_track(owner, title="Other"), make_track(owner)).job
    url = reverse("admin:catalog_job_changelist")
    with CaptureQueriesContext(connection) as queries:
        page = desk.get(url, {"q": wanted.task_id}).content.decode()
    assert wanted.task_id in page
    assert other.task_id not in page
    assert not any("LIKE" in query["sql"] and "catalog_job" in query["sql"] for query in some(queries))
    page = desk.get(url, {"q": "othe"}).content.decode()
    assert other.task_id in page
    assert wanted.task_id not in page


def test_counts_no_further_than_needed(owner: User) -> None:
    for _ in range(2):
        make_track(owner)
    with CaptureQueriesContext(connection) as queries:
        assert LimitedCountPaginator(Track.objects.all(), 1).count == 2
    assert f"LIMIT {COUNTED_ROWS}" in queries[-1]["sql"]
    with CaptureQueriesContext(connection) as queries:
        assert LimitedCountPaginator(Track.objects.all(), 50).count == 2
    assert len(queries) == 1, "what fits on the first page is not counted as well"


def test_a_later_page_has_its_rows_in_order_and_asks_by_their_keys(owner: User) -> None:
    wanted = [make_track(owner).pk for _ in range(5)]
    paginator = LimitedCountPaginator(Track.objects.order_by("pk"), 2)
    with CaptureQueriesContext(connection) as queries:
        assert [track.pk for track in paginator.page(2)] == wanted[2:4]
    assert "OFFSET" not in queries[-1]["sql"]
    assert [track.pk for track in paginator.page(3)] == wanted[4:]


def test_autocomplete_finds_accounts(desk: Client, owner: User) -> None:
    url = reverse("admin:autocomplete")
    answer = desk.get(url, {"app_label": "catalog", "model_name": "apikey", "field_name": "owner", "term": "own"})
    assert [item["text"] for item in answer.json()["results"]] == [owner.username]


def test_the_beginning_of_a_music_id_finds_its_track(desk: Client, owner: User) -> None:
    wanted, other = make_track(owner, title="Wanted"), make_track(owner, title="Other")
    page = desk.get(reverse("admin:catalog_track_changelist"), {"q": str(wanted.music_id)[:13]}).content.decode()
    assert wanted.title in page
    assert other.title not in page


@pytest.mark.parametrize("field", ["title", "artist", "album", "isrc", "file_name"])
def test_tracks_are_found_by_every_word_of_theirs(desk: Client, owner: User, field: str) -> None:
    make_track(owner, **{"title": "This is it", field: "Zx9-wanted"})
    make_track(owner, title="Other")
    page = desk.get(reverse("admin:catalog_track_changelist"), {"q": "zx9-want"}).content.decode()
    assert ("Zx9-wanted" if field == "title" else "This is it") in page
    assert ">Other<" not in page


def test_filters_by_index_and_last_check(desk: Client, owner: User) -> None:
    found, reference, plain = (make_track(owner, title=title) for title in ("Found", "Reference", "Plain"))
    make_match(found, reference)
    make_check(plain)
    IndexOperation.objects.create(sequence=1, kind="add", track_key=reference.pk, version="1")
    url = reverse("admin:catalog_track_changelist")

    def shown(query: str) -> set[str]:
        rows = desk.get(url + query).context["cl"].result_list
        return {track.title for track in rows}

    assert shown("?indexed=yes") == {"Reference"}
    assert shown("?indexed=no") == {"Found", "Plain"}
    assert shown("?checked=duplicate") == {"Found"}
    assert shown("?checked=none") == {"Plain"}
    assert shown("?checked=never") == {"Reference"}


def test_a_further_page_is_put_in_order_once(desk: Client, owner: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(admin.site.get_model_admin(Track), "list_per_page", 1)
    for _ in range(3):
        make_track(owner)
    url = reverse("admin:catalog_track_changelist")

    def asked(query: str) -> int:
        with CaptureQueriesContext(connection) as queries:
            assert len(desk.get(url + query).context["cl"].result_list) == 1
        return len(queries)

    asked("")
    assert asked("?p=2") == asked("") == asked("?p=3")
