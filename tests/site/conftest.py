"""Databases for sites that run in processes of their own."""

import os
import uuid
from collections.abc import Callable, Iterator

import psycopg
import pytest


@pytest.fixture(scope="module")
def new_database() -> Iterator[Callable[[], str | None]]:
    """Make an empty database and return its URL; None means SQLite in the site's data folder."""
    url = os.environ.get("DATABASE_URL")
    made: list[str] = []

    def make() -> str | None:
        if not url:
            return None
        made.append(f"running_site_{uuid.uuid4().hex}")
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {made[-1]}")
        return url.rsplit("/", 1)[0] + f"/{made[-1]}"

    yield make
    for name in made:
        with psycopg.connect(str(url), autocommit=True) as connection:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(scope="module")
def database_url(new_database: Callable[[], str | None]) -> str | None:
    """One database for a module."""
    return new_database()
