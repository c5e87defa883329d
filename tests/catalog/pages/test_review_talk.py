"""Notes, whose turn a pair is, and a second opinion."""

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.urls import reverse

from catalog.models import Match, PairCare, PairNote
from tests.rows import make_copy, make_track

LIST = "/admin/catalog/waitingpair/"


@pytest.fixture
def match(owner: User) -> Match:
    """A pair that waits."""
    return make_copy(make_track(owner, title="talked about"), make_track(owner))


@pytest.fixture
def colleague(db: None) -> User:
    """Another member of staff who may decide."""
    user = User.objects.create_user("colleague", is_staff=True)
    codes = ["view_match", "view_track", "add_decision"]
    user.user_permissions.set(Permission.objects.filter(content_type__app_label="catalog", codename__in=codes))
    return user


def address(name: str, match: Match) -> str:
    """Return one of a pair's addresses."""
    return reverse(f"catalog:review_{name}", args=[match.query_track_id, match.reference_track_id])


def send(client: Client, name: str, match: Match, **values: object) -> str:
    """Send a form and return the page that follows."""
    return client.post(address(name, match), values, follow=True).content.decode()


def desk_of(user: User) -> Client:
    """Return a session."""
    client = Client()
    client.force_login(user)
    return client


def shows(client: Client, match: Match) -> bool:
    """Tell whether a person's queue has the pair."""
    return "talked about" in client.get("/catalog/review/").content.decode()


def test_a_note_is_kept_with_its_author(desk: Client, match: Match, colleague: User) -> None:
    page = send(desk, "note", match, text="The end differs <b>")
    assert "The end differs &lt;b&gt;" in page
    assert "<strong>staff</strong>" in page
    assert "The end differs" in desk_of(colleague).get(address("pair", match)).content.decode()
    assert "has notes" in desk.get(LIST).content.decode()


@pytest.mark.parametrize(("text", "words"), [("", "empty"), (" \0 ", "empty"), ("x" * 2001, "longer than 2000")])
def test_no_note_that_is_none(desk: Client, match: Match, text: str, words: str) -> None:
    assert words in send(desk, "note", match, text=text)
    assert not PairNote.objects.exists()


@pytest.mark.slow
def test_a_pair_that_was_given_is_its_owners_first(desk: Client, match: Match, colleague: User, owner: User) -> None:
    older = make_copy(make_track(owner, title="older"), make_track(owner))
    assert older
    assert "The pair is assigned to colleague now." in send(desk, "give", match, to=colleague.pk)
    assert not shows(desk, match), "it is left to the colleague"
    assert shows(desk_of(colleague), match)
    assert "assigned to colleague" in desk.get(f"{LIST}?care=others").content.decode()
    assert "talked about" in desk_of(colleague).get(f"{LIST}?care=mine").content.decode()
    send(desk, "give", match, to="")
    assert shows(desk, match)


def test_only_reviewers_are_given_pairs(desk: Client, match: Match, reader: User) -> None:
    assert "may not decide" in send(desk, "give", match, to=reader.pk)
    assert "may not decide" in send(desk, "give", match, to="9" * 17)
    assert not PairCare.objects.exists()


@pytest.mark.slow
def test_a_second_opinion_is_anothers(desk: Client, match: Match, colleague: User) -> None:
    page = send(desk, "opinion", match, asks="yes")
    assert "You asked for a second opinion" in page
    assert not shows(desk, match)
    assert shows(desk_of(colleague), match)
    assert "staff asks for a second opinion" in desk.get(f"{LIST}?care=opinion").content.decode()
    send(desk_of(colleague), "opinion", match)
    assert shows(desk, match)


@pytest.mark.parametrize("name", ["note", "give", "opinion"])
def test_readers_only_read(reading_desk: Client, match: Match, name: str) -> None:
    assert reading_desk.post(address(name, match), {"text": "x"}).status_code == 403
    assert 'name="text"' not in reading_desk.get(address("pair", match)).content.decode()


@pytest.mark.parametrize("name", ["note", "give", "opinion"])
def test_of_no_match(desk: Client, match: Match, owner: User, name: str) -> None:
    one = make_track(owner)
    url = reverse(f"catalog:review_{name}", args=[one.pk, match.query_track_id])
    assert desk.post(url, {"text": "x"}).status_code == 404
    assert not PairNote.objects.exists()
