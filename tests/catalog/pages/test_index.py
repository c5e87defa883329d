"""The page of the index: what it tells, and who may see it."""

from pathlib import Path

import numpy as np
import pytest
from django.contrib.auth.models import User
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from catalog.engine.features.embedding import DIMENSIONS, Vectors
from catalog.engine.features.patches import HALVES
from catalog.engine.features.sketch import BYTES
from catalog.engine.index.interface import Entry
from catalog.engine.index.on_disk import MappedIndex
from catalog.services.index import log, status
from tests.rows import make_track

PAGE = "/catalog/index/"


@pytest.fixture
def written(owner: User, settings: Settings) -> None:
    """Three tracks in the log, two of them in the files."""
    with transaction.atomic():
        track_ids = [make_track(owner).pk for _ in range(3)]
        for track_id in track_ids:
            log.record_add(track_id=track_id)
    index = MappedIndex(Path(settings.INDEX_DIR), mark_of=log.mark_of)
    heard = Vectors(np.ones((4, HALVES, DIMENSIONS), np.float32), np.arange(4.0), np.ones((4, HALVES), bool))
    entries = [
        Entry(track_id, 7200.0, bytes(16), heard, np.zeros((7031, BYTES), np.uint8)) for track_id in track_ids[:2]
    ]
    index.rebuild(entries, sequence=2, expected=2)
    index.checkpoint()


def test_nothing_yet(desk: Client) -> None:
    page = desk.get(PAGE).content.decode()
    assert "no files yet" in page
    assert "Contents of the files" not in page


def test_figures(desk: Client, written: None) -> None:
    page = desk.get(PAGE).content.decode()
    for words in ("3 tracks", "generation 1", "up to date", "4 h", "exact search", "reference step"):
        assert words in page, words


def test_far_behind(desk: Client, written: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(status, "MOST_BEHIND", 0)
    assert "being rebuilt" in desk.get(PAGE).content.decode()


def test_permission(reading_desk: Client, outsider_desk: Client, client: Client, written: None) -> None:
    assert reading_desk.get(PAGE).status_code == 200
    assert outsider_desk.get(PAGE).status_code == 403
    assert client.get(PAGE).status_code == 302


def test_few_queries(desk: Client, written: None) -> None:
    with CaptureQueriesContext(
        connection,
    ) as queries:
        desk.get(PAGE)
    assert len(queries) < 20
