"""`--only-database` leaves out what no database can change, and nothing else."""

from importlib import import_module

import pytest
from django.contrib.auth.models import User

from tests.only_database import asks, may_reach
from tests.site.collected import collected

MODULES = {
    "tests/engine/test_windows.py": False,  # the engine's
    "tests/engine/test_command.py": False,  # the engine's, in processes of its own
    "tests/staff/test_theme.py": False,
    "tests/site/test_slow_senders.py": False,  # says so
    "tests/site/test_emptying.py": True,  # marked
    "tests/textsearch/test_ids.py": True,  # asks
    "tests/site/test_version.py": True,  # one of it asks
    "tests/site/test_tus_client.py": True,  # a server
    "tests/site/test_deployment.py": True,  # commands
    "tests/site/test_sqlite_waits.py": True,  # a database of its own
    "tests/catalog/test_rebuild_processes.py": True,  # the service's own processes
}


def test_who_asks_by_no_fixture(request: pytest.FixtureRequest) -> None:
    """And is refused."""
    assert not asks(request.node)
    with pytest.raises(RuntimeError, match="Database access not allowed"):
        User.objects.exists()


def test_who_asks_by_a_fixture_of_a_fixture(request: pytest.FixtureRequest, owner: User) -> None:
    assert asks(request.node)


@pytest.mark.django_db
def test_who_asks_by_a_mark(request: pytest.FixtureRequest) -> None:
    assert asks(request.node)


@pytest.mark.parametrize(
    ("name", "reaches"),
    [
        ("tests.site.test_deployment", True),  # starts commands itself
        ("tests.site.test_chunked_bodies", True),  # by tests.site.running alone
        ("tests.site.test_postgresql", True),
        ("tests.webhooks.test_any_schedule", False),
        ("tests.site.test_templates", False),
    ],
)
def test_what_code_may_reach(name: str, reaches: bool) -> None:
    assert may_reach(import_module(name)) == reaches


@pytest.mark.slow
def test_whole_modules_are_left_out() -> None:
    found = set(collected("--only-database", *MODULES))
    assert found == {module for module, stays in MODULES.items() if stays}
