"""Staff at their desk, and recordings in the index."""

from collections.abc import Callable
from pathlib import Path

import pytest
from django.contrib.auth.models import Permission, User
from django.core.cache import cache
from django.test import Client

from catalog.models import Track
from tests.indexed import index_recording


@pytest.fixture(autouse=True)
def empty_cache() -> None:
    """Start with nothing remembered from another test."""
    cache.clear()


@pytest.fixture
def desk(staff: User) -> Client:
    """A browser session of a member of staff with every permission."""
    client = Client()
    client.force_login(staff)
    return client


@pytest.fixture
def reader(db: None) -> User:
    """A member of staff who may look at everything and change nothing."""
    user = User.objects.create_user("reader", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__startswith="view_"))
    return user


@pytest.fixture
def reading_desk(reader: User) -> Client:
    """A browser session of the reader."""
    client = Client()
    client.force_login(reader)
    return client


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
