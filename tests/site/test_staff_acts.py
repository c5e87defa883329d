"""Every page's act and every action of every list against those who may only look: a new one without a row fails."""

from typing import Any

import pytest
from django.contrib.admin import site
from django.contrib.auth.models import User
from django.core.checks import run_checks
from django.db import transaction
from django.http import HttpRequest
from django.test import Client, RequestFactory
from django_q.admin import resubmit_task
from django_q.models import Failure

from tests.site.acts import (
    ACTIONS,
    ACTS,
    SENDS_A_FILE,
    Act,
    House,
    actions_there_are,
    contents,
    every_act,
    showing_acts,
)
from tests.site.every_url import ROWS

pytestmark = [pytest.mark.slow, pytest.mark.django_db]
OWN_PASSWORD = {"admin/password_change/"}  # everybody's own


@pytest.fixture
def house(staff: User, reader: User) -> House:
    """Rows to act on."""
    for person in (staff, reader):
        person.set_password("first")
        person.save()
    return House(staff)


def changing(acts: dict[str, Act], person: User) -> dict[str, list[str]]:
    """Let a person do each act; return those that changed something, with the tables that were not as before."""
    before = contents()
    done = {name: changed_by(act, person, before) for name, act in acts.items()}
    assert contents() == before, "all was put back"
    return {name: tables for name, tables in done.items() if tables}


def changed_by(act: Act, person: User, before: dict[str, list[Any]]) -> list[str]:
    """Let a person do an act, and name the tables that are not as they were; then put everything back."""
    with transaction.atomic():
        client = Client()
        client.force_login(person)
        answer = act.do(client)
        assert answer.status_code < 500
        after = contents()
        transaction.set_rollback(True)
    return [name for name, rows in before.items() if after[name] != rows]


def asked_by(person: User) -> HttpRequest:
    """Return a request of a person."""
    request = RequestFactory().get("/")
    request.user = person
    return request


def test_every_action_has_a_row_and_every_row_an_action(staff: User) -> None:
    assert actions_there_are(asked_by(staff)) == set(ACTIONS)
    assert set(ACTS) <= set(ROWS)


def test_every_act_does_something(house: House) -> None:
    """Or the viewer's failing to do it would show nothing."""
    acts = every_act(house)
    assert acts.keys() - changing(acts, house.staff).keys() == SENDS_A_FILE
    assert changing(showing_acts(house), house.staff) == {}


def test_viewer_changes_nothing(house: House, reader: User) -> None:
    """Whoever has every view permission and no other."""
    assert changing(every_act(house), reader).keys() == OWN_PASSWORD


def test_viewer_is_offered_no_action(reader: User) -> None:
    assert actions_there_are(asked_by(reader)) == set()


def test_action_without_a_permission_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """Django offers such a one to everybody who may look."""
    assert run_checks(tags=["staff"]) == []
    monkeypatch.setattr(site.get_model_admin(Failure), "actions", (resubmit_task,))
    assert [error.id for error in run_checks(tags=["staff"])] == ["site.E003"]
