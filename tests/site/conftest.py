"""A database for sites that run in processes of their own."""

import os
import uuid
from collections.abc import Iterator

import psycopg
import pytest


@pytest.fixture(scope="module")
def database_url() -> Iterator[str | None]:
    """A database for the running site: None means SQLite in its data folder."""
    url = os.environ.get("DATABASE_URL")
    if not url:
        yield None
        return
    name = f"running_site_{uuid.uuid4().hex}"
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
        yield url.rsplit("/", 1)[0] + f"/{name}"
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
