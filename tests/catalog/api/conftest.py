"""A callback URL of the owner's, and a folder for uploads in pieces."""

from pathlib import Path

import pytest
from django.contrib.auth.models import User
from pytest_django import Settings

from tests.catalog.api.callback_urls import URLS
from tests.webhooks.receiver import Receiver
from webhooks.models import Endpoint
from webhooks.services import register_endpoint


@pytest.fixture
def own_folder(settings: Settings, tmp_path: Path) -> None:
    """Put pieces together where no other test does."""
    settings.RESUMABLE_DIR = tmp_path / "resumable"
    settings.RESUMABLE_DIR.mkdir()


@pytest.fixture
def endpoint(owner: User, receiver: Receiver) -> Endpoint:
    """The owner's URL, verified."""
    return register_endpoint(owner=owner, url=receiver.url)


@pytest.fixture
def path(endpoint: Endpoint) -> str:
    """The address of the owner's URL."""
    return f"{URLS}/{endpoint.public_id}"
