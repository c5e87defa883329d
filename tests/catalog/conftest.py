"""Staff at their desk, and recordings in the index."""

from collections.abc import Callable
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.core.cache import cache
from django.test import Client
from pytest_django import Settings

from catalog.models import Track
from tests.indexed import index_recording


@pytest.fixture(autouse=True)
def empty_cache() -> None:
    """Start with nothing remembered from another test."""
    cache.clear()


@pytest.fixture
def outsider_desk(outsider: User) -> Client:
    """A browser session of an account that is not staff."""
    client = Client()
    client.force_login(outsider)
    return client


@pytest.fixture
def indexed(owner: User) -> Callable[[Path], Track]:
    """Take a recording into the catalog and the index, without its file."""
    return lambda path: index_recording(owner, path)


@pytest.fixture
def index_folder(settings: Settings) -> Path:
    """Return where this test's generations of the index are."""
    return Path(settings.INDEX_DIR)
