"""Staff find what they ask for, whatever form its letters are stored in, on every list and database alike."""

# ruff: noqa: RUF001  (letters that look like others are what it is about)

import unicodedata
from importlib import import_module

import pytest
from django.contrib import admin
from django.contrib.auth.models import User
from django.core.exceptions import FieldDoesNotExist
from django.db import models
from django.test import Client
from django.utils import timezone

from catalog.models import ApiKey, Decision, Fingerprint, Job, Track
from catalog.services.api_keys import create_key
from tests.migrated import schema_of
from tests.rows import make_check, make_match, make_track
from textsearch.fields import FoldedField
from textsearch.folding import fold
from textsearch.models import AccountText
from webhooks.models import Attempt, Endpoint, Message, Received, Refused, Source

pytestmark = pytest.mark.slow
# Searched as they are: what they hold is ASCII by how it is made.
ASCII = {
    *("catalog.AudioFile.sha256", "catalog.ApiKey.prefix", "catalog.IndexOperation.track_key"),
    *("catalog.IndexOperation.sequence", "webhooks.Message.subject", "webhooks.Message.message_id"),
    *("webhooks.Source.slug", "webhooks.Refused.remote_address", "django_q.Schedule.name"),
    *("django_q.Task.name", "django_q.Task.func", "django_q.Task.group"),
    *("django_q.Schedule.func",),
}
PAIRS = [
    ("Café del Mar", unicodedata.normalize("NFD", "CAFÉ")),
    (unicodedata.normalize("NFD", "Café del Mar"), "café"),
    (unicodedata.normalize("NFD", "ガラスの部屋"), "ガラス"),
    ("ｶﾞﾗｽの部屋", "ガラス"),
    (unicodedata.normalize("NFD", "한국 가요"), "한국"),
    ("песня о друге", "ПЕСНЯ"),
    ("ПЕСНЯ О ДРУГЕ", "песня друге"),
    ("Die große Straße", "GROSSE strasse"),
    ("ΟΔΥΣΣΕΥΣ", "Οδυσσευς"),
    ("می\u200cخواهم", "میخواهم"),
    ("Ｗｉｄｅ　ｌｅｔｔｅｒｓ", "wide letters"),
    ("ﬁne", "FINE"),
]


def found(desk: Client, address: str, asked: str) -> int:
    response = desk.get(f"/admin/{address}/", {"q": asked})
    assert response.status_code == 200
    return int(response.context["cl"].result_count)


@pytest.mark.parametrize(("stored", "asked"), PAIRS)
def test_a_text_is_found_on_every_list(desk: Client, owner: User, stored: str, asked: str) -> None:
    namesake = User.objects.create(username="namesake", first_name=stored)
    one, other = make_track(namesake), make_track(namesake)
    one.title = stored
    one.save()
    match = make_match(one, other)
    Job.objects.filter(pk=match.job_id).update(error=stored)
    Decision.objects.create(first_track=one, second_track=other, verdict="same", keeper=one, decided_by=owner)
    Fingerprint.objects.create(audio_file=one.audio_file, version="1", data=b"x", size_bytes=1, duration_s=30.0)
    create_key(owner=owner, label=stored)
    endpoint = Endpoint.objects.create(owner=namesake, url=f"https://example.org/{stored}")
    now = timezone.now()
    message = Message.objects.create(
        message_id="m", endpoint=endpoint, event="e", event_key="k", subject="s", body="{}",
        schedule_start=now, next_attempt_at=now, created_at=now,
    )  # fmt: skip
    Attempt.objects.create(message=message, number=1, started_at=now, url="https://example.org/", error=stored)
    source = Source.objects.create(slug="here", sealed_secret="x")
    Received.objects.create(
        source=source, message_id=stored, event="e", status="success", task_id="t", body="{}",
        mippia_verified=True, standard_verified=True, first_seen_at=now, last_seen_at=now,
    )  # fmt: skip
    Refused.objects.create(slug="here", reason="body", detail=stored, at=now)

    lists = [
        *("auth/user", "catalog/track", "catalog/job", "catalog/match", "catalog/decision", "catalog/apikey"),
        *("catalog/audiofile", "catalog/fingerprint"),
        *("webhooks/endpoint", "webhooks/message", "webhooks/attempt", "webhooks/received", "webhooks/refused"),
    ]
    assert {address: found(desk, address, asked) for address in lists} == dict.fromkeys(lists, 1)
    assert {address: found(desk, address, f"{asked}x") for address in lists} == dict.fromkeys(lists, 0)


def searched_column(model: type[models.Model], path: str) -> models.Field:
    """Follow a search field to its column."""
    column: models.Field | None = None
    for name in path.lstrip("=^@").split("__"):
        try:
            column = model._meta.get_field(name)
        except FieldDoesNotExist:
            break  # the lookup
        model = column.related_model or model
    assert column is not None
    return column


def test_no_list_searches_a_text_that_is_not_folded() -> None:
    open_texts = set()
    for model, page in admin.site._registry.items():
        for path in page.search_fields:
            column = searched_column(model, path)
            is_folded = isinstance(column, FoldedField) or column.model is AccountText
            assert not is_folded or path.endswith("__contains"), f"{model.__name__}: {path}"
            open_texts |= set() if is_folded else {f"{column.model._meta.label}.{column.name}"}
    assert open_texts - ASCII == set()


def test_every_way_of_writing_folds(owner: User) -> None:
    track = make_track(owner)
    track.title, track.artist = "ПЕСНЯ", "Café"
    track.save(update_fields=["title", "artist"])
    assert Track.objects.get().words == "песня\ncafé\n\n\n" + fold(track.file_name) + "\n"

    job = make_check(track)
    Job.objects.filter(pk=job.pk).update(error="ОШИБКА")
    assert Job.objects.get().words == "ошибка"

    ApiKey.objects.bulk_create([ApiKey(owner=owner, prefix="a", key_hash="", label="ÄPFEL")])
    key = ApiKey.objects.get()
    assert key.words == "äpfel"
    key.label = "BIRNEN"
    ApiKey.objects.bulk_update([key], ["label"])
    assert ApiKey.objects.get().words == "birnen"

    with pytest.raises(ValueError, match="save the row instead"):
        Track.objects.update(title="half of it")


def test_an_account_is_found_by_its_new_name(desk: Client) -> None:
    account = User.objects.create_user("ЕЛЕНА", email="lena@example.org")
    assert found(desk, "auth/user", "елена") == 1
    account.username = "Ёлка"
    account.save()
    assert found(desk, "auth/user", "елена") == 0
    assert found(desk, "auth/user", "ёлка LENA@") == 1


@pytest.mark.django_db(transaction=True)
def test_rows_from_before_are_filled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("textsearch.filling.BATCH", 2)
    monkeypatch.setattr(import_module("textsearch.migrations.0002_fill_texts_of_accounts"), "BATCH", 2)
    with schema_of([("catalog", "0017_keep_what_decoding_left_out"), ("textsearch", None)]) as before:
        accounts = before.get_model("auth", "User").objects
        people = [accounts.create(username=f"ЛЮДИ-{number}") for number in range(5)]
        tracks = before.get_model("catalog", "Track").objects
        for number in range(5):
            tracks.create(owner_id=people[number].pk, title=f"ПЕСНЯ {number}", artist="Café")
    assert sorted(Track.objects.values_list("words", flat=True)) == [f"песня {n}\ncafé\n\n\n\n" for n in range(5)]
    assert User.objects.filter(search__words__contains="люди-4").count() == 1
