"""`pytest --only-database` leaves out the tests that no database can change: for a second run on another one.

A whole module is left out or none of it. It is left out where no test of it asks for the database, and where nothing
that it names starts processes or speaks of databases. pytest-django refuses the database to a test that does not ask.
What starts processes and yet needs no database may say so: `pytest.mark.no_database`.
"""

import inspect
import re
from functools import cache
from itertools import groupby
from pathlib import Path
from types import FunctionType, ModuleType

import pytest

ENGINE = Path(__file__).parent / "engine"  # it knows no Django (test_architecture.py); its processes decode audio
FIXTURES = {"db", "transactional_db", "django_db_serialized_rollback", "live_server", "databases"}
WORDS = re.compile(
    r"subprocess|multiprocessing|popen|os\.fork|posix_spawn|os\.system|manage\.py|call_command"
    r"|database|\bconnections?\b|psycopg|sqlite|postgres|unblock|TestCase",
    re.IGNORECASE,
)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option."""
    parser.addoption("--only-database", action="store_true", help="leave out the tests that no database can change")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what the option leaves out."""
    if not config.getoption("--only-database"):
        return
    kept: list[pytest.Item] = []
    left_out: list[pytest.Item] = []
    for _, of_module in groupby(items, key=lambda item: item.path):
        module = list(of_module)
        (kept if needed(module) else left_out).extend(module)
    items[:] = kept
    config.hook.pytest_deselected(items=left_out)


def asks(item: pytest.Item) -> bool:
    """Tell whether a test asks for the database, itself or by a fixture."""
    return bool(item.get_closest_marker("django_db") or FIXTURES & set(getattr(item, "fixturenames", ())))


def needed(module: list[pytest.Item]) -> bool:
    """Tell whether one of a module's tests may need the database."""
    if any(map(asks, module)):
        return True
    if ENGINE in module[0].path.parents or all(item.get_closest_marker("no_database") for item in module):
        return False
    code = getattr(module[0], "module", None)
    return code is None or may_reach(code)


def may_reach(module: ModuleType) -> bool:
    """Tell whether a module's code may reach the database without asking: in processes, or around pytest-django."""
    return any(WORDS.search(source) for source in sources(module))


@cache
def sources(module: ModuleType) -> frozenset[str]:
    """Return the source of a module, and of those of `tests` and `bench` that its functions and classes come from."""
    found, waiting = {module}, [module]
    while waiting:
        for value in vars(waiting.pop()).values():
            of = value if isinstance(value, ModuleType) else inspect.getmodule(value) if _is_code(value) else None
            if of is not None and of not in found and of.__name__.startswith(("tests.", "bench.")):
                found.add(of)
                waiting.append(of)
    return frozenset(map(inspect.getsource, found))


def _is_code(value: object) -> bool:
    return isinstance(value, FunctionType | type)
