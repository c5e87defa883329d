"""What a page of a list asks of the database: the shape that keeps it as fast with 100,000 rows as with ten."""

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from catalog.models import Job
from catalog.services.tasks import accepting, leasing
from tests.rows import make_check, make_track

TASKS, EVENTS = "/api/v1/task", "/api/v1/events"


def _page(api: APIClient, url: str) -> str:
    """Ask for a page and return the statement that read its rows, the only one that is asked after the key and call."""
    api.get(url)
    with CaptureQueriesContext(connection) as queries:
        answer = api.get(url)
    assert answer.status_code == 200, answer.content
    assert answer.json()["results"]
    return str(queries[-1]["sql"])


@pytest.fixture
def ended(owner: User) -> Job:
    """Return a task that ended as a worker ends it, so that it is among the events too."""
    make_check(make_track(owner))
    accepted = accepting.accept_job(track=make_track(owner), owner=owner, task_name=Job.Name.ADD)
    held = leasing.claim(accepted.pk)
    assert held
    assert leasing.end_in_success(held)
    return held


@pytest.mark.usefixtures("ended")
@pytest.mark.parametrize("url", [TASKS, EVENTS])
def test_a_page_reads_no_more_of_a_row_than_it_tells(api: APIClient, url: str) -> None:
    page = _page(api, url)
    for column in ("detail", "words", "tags", "title", "lease_token", "attempts"):
        assert f'."{column}"' not in page.partition(" WHERE ")[0]
    assert "COUNT(" not in page


@pytest.mark.usefixtures("ended")
def test_events_go_along_an_index_from_their_place(api: APIClient) -> None:
    page = _page(api, f"{EVENTS}?after=0")
    assert "LIMIT 100" in page
    assert "JOIN" not in page
    if connection.vendor == "sqlite":  # PostgreSQL's planner goes through so few rows without an index
        with connection.cursor() as cursor:
            cursor.execute(f"EXPLAIN QUERY PLAN {page}")
            [step] = [row[3] for row in cursor.fetchall()]
        assert "USING INDEX" in step
        assert "(owner_id=? AND end_number>?)" in step
