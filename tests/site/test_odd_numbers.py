"""Numbers that nobody would write, in every address, query and form of the staff pages: no answer of 5xx."""

import re
from collections.abc import Iterable, Iterator
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import User
from django.db.models import DateTimeField
from django.test import Client, RequestFactory
from django.urls import reverse

from tests.rows import make_match, make_track
from tests.site.every_url import ROWS, filled

# Counting lines would take as long again as all the requests, and others reach them.
pytestmark = [pytest.mark.slow, pytest.mark.django_db, pytest.mark.no_cover]
# Over a 64-bit column, over what Python reads, below nothing, other scripts' digits, and what only looks like a number.
IN_PATHS = ["9" * 30, "9" * 5000, "9223372036854775808", "-1", "٣", "²"]
IN_QUERIES = [*IN_PATHS[:4], "-" + "9" * 30, "1e400", "nan", "", "\0", "1,2," + "9" * 30]
MOMENTS = ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"]
PLACE = re.compile(r"<[^>]+>")
LOGGED_IN = {"/admin/logout/", "/admin/password_change/", "/admin/password_change/done/"}


@pytest.fixture
def patient_desk(desk: Client) -> Client:
    """A superuser's session that is answered 500 where a view fails."""
    desk.raise_request_exception = False
    return desk


def paths_with(number: str) -> Iterator[str]:
    """Every address with this number in each of its places."""
    for route in ROWS:
        if PLACE.search(route):
            yield "/" + PLACE.sub(number, re.sub(r"\^.*|\(\?P.*", "", route))


@pytest.mark.parametrize("number", IN_PATHS, ids=[f"{number[:4]} {len(number)}" for number in IN_PATHS])
def test_in_addresses(patient_desk: Client, number: str) -> None:
    answers = [ask(path) for path in paths_with(number) for ask in (patient_desk.get, patient_desk.post)]
    assert failed(answers) == []


def failed(answers: Iterable[Any]) -> list[tuple[str, ...]]:
    """Return the requests that were answered with 5xx, cut short."""
    requests = [answer.request for answer in answers if answer.status_code >= 500]
    return [
        (request["REQUEST_METHOD"], request["PATH_INFO"][:80], request["QUERY_STRING"][:60])
        for request in requests
        if request["PATH_INFO"] != "/health/ready"
    ]


def parameters_of(model_admin: Any, user: User) -> set[str]:
    """Every name that a list's query may have: its filters', its dates', the pages' and the rows'."""
    request = RequestFactory().get("/")
    request.user = user
    names = {"p", "o", "q", "_to_field", "pk__in", "id"}
    for spec in model_admin.get_changelist_instance(request).filter_specs:
        names.update(spec.expected_parameters())
    if model_admin.date_hierarchy:
        names.update(f"{model_admin.date_hierarchy}__{part}" for part in ("year", "month", "day"))
    return names


@pytest.mark.parametrize("model", sorted(admin.site._registry, key=lambda model: model._meta.label), ids=str)
def test_in_queries_of_lists(patient_desk: Client, staff: User, model: Any) -> None:
    url = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
    names = parameters_of(admin.site.get_model_admin(model), staff)
    assert failed(patient_desk.get(url, {name: number}) for name in sorted(names) for number in IN_QUERIES) == []


@pytest.mark.parametrize("model", sorted(admin.site._registry, key=lambda model: model._meta.label), ids=str)
def test_moments_at_the_ends_of_the_calendar(patient_desk: Client, model: Any) -> None:
    url = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
    names = [field.name for field in model._meta.concrete_fields if isinstance(field, DateTimeField)]
    tests = [f"{name}{lookup}" for name in names for lookup in ("__gte", "__lt", "")]
    assert failed(patient_desk.get(url, {test: moment}) for test in tests for moment in MOMENTS) == []


PAGES = sorted({filled(route) for route in ROWS} - LOGGED_IN)
NAMES = ("page", "older", "after", "scan", "tracks", "format", "download", "term", "field_name")
FIELDS = (
    "replaces",
    "keeper",
    "kind-1",
    "choice",
    "action",
    "index",
    "_selected_action",
    "select_across",
    "sure",
    "id",
)


@pytest.mark.parametrize("number", ["9" * 18, "9" * 30, "9" * 5000, "\0"], ids=["18", "30", "5000", "NUL"])
def test_in_queries_and_forms_of_all_pages(patient_desk: Client, number: str) -> None:
    gets = (patient_desk.get(page, dict.fromkeys(NAMES, number)) for page in PAGES)
    assert failed(gets) == []
    posts = (patient_desk.post(page, dict.fromkeys(FIELDS, number)) for page in PAGES)
    assert failed(posts) == []


@pytest.mark.parametrize("number", ["9" * 5000, "9" * 30, "²"], ids=["5000", "30", "power"])
def test_a_decision_that_replaces_none(patient_desk: Client, owner: User, number: str) -> None:
    match = make_match(make_track(owner), make_track(owner))
    url = reverse("catalog:review_decide", args=[match.query_track_id, match.reference_track_id])
    assert patient_desk.post(url, {"choice": "different", "replaces": number}).status_code < 500
