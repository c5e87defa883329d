"""Staff pages of callbacks: every one opens, none asks a query a row, what happened stays."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tests.webhooks.filled import fill
from webhooks.models import Attempt, Endpoint, Message, Received, Refused, Source

ADMIN = "/admin/webhooks"


MODELS: dict[str, Any] = {m.__name__.lower(): m for m in (Endpoint, Message, Attempt, Source, Received, Refused)}
TABLES = list(MODELS)


@pytest.mark.parametrize("table", TABLES)
def test_an_empty_list_opens(desk: Client, table: str) -> None:
    assert desk.get(f"{ADMIN}/{table}/").status_code == 200


@pytest.mark.slow
@pytest.mark.parametrize("table", TABLES)
def test_no_query_a_row(desk: Client, table: str) -> None:
    fill(3)
    desk.get(f"{ADMIN}/{table}/")
    with CaptureQueriesContext(
        connection,
    ) as few:
        assert desk.get(f"{ADMIN}/{table}/").status_code == 200
    fill(12)
    with CaptureQueriesContext(connection) as many:
        answer = desk.get(f"{ADMIN}/{table}/")
    assert answer.context["cl"].result_count > 12
    assert len(many) == len(few), "\n".join(query["sql"][:150] for query in many)


@pytest.mark.slow
@pytest.mark.parametrize("table", TABLES)
def test_every_row_opens(desk: Client, reading_desk: Client, table: str) -> None:
    fill(5)
    for pk in MODELS[table].objects.values_list("pk", flat=True):
        assert desk.get(f"{ADMIN}/{table}/{pk}/change/").status_code == 200
        assert reading_desk.get(f"{ADMIN}/{table}/{pk}/change/").status_code == 200


@pytest.mark.slow
@pytest.mark.parametrize("table", TABLES)
def test_search_opens(desk: Client, table: str) -> None:
    fill(2)
    assert desk.get(f"{ADMIN}/{table}/?q=filled1").status_code == 200


@pytest.mark.parametrize("table", ["message", "attempt", "received", "refused"])
def test_what_happened_is_not_made_by_hand(desk: Client, table: str) -> None:
    fill(1)
    assert desk.get(f"{ADMIN}/{table}/add/").status_code == 403
    pk = MODELS[table].objects.first().pk
    assert desk.post(f"{ADMIN}/{table}/{pk}/change/", {}).status_code == 403


@pytest.mark.slow
@pytest.mark.parametrize("table", TABLES)
def test_what_happened_is_not_deleted_by_hand(desk: Client, table: str) -> None:
    fill(2)
    rows = MODELS[table].objects
    for pk in rows.values_list("pk", flat=True):
        assert desk.post(f"{ADMIN}/{table}/{pk}/delete/", {"post": "yes"}).status_code == 403
    chosen = {"action": "delete_selected", "_selected_action": list(rows.values_list("pk", flat=True)), "post": "yes"}
    desk.post(f"{ADMIN}/{table}/", chosen)
    assert rows.count() >= 2


def test_strangers_see_nothing(endpoint: Endpoint, account: User) -> None:
    client = Client()
    client.force_login(account)
    for table in TABLES:
        assert client.get(f"{ADMIN}/{table}/").status_code == 302
