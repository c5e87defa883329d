"""Manifests of index files: what is there is never replaced, and what was changed is not believed."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from django.conf import settings

from catalog.engine.errors import InvalidIndex
from catalog.engine.index import manifest
from catalog.models import Track
from catalog.services.index.searching import CaughtUpIndex


@pytest.fixture
def folder(indexed: Callable[[Path], Track], battle: Path) -> Path:
    """The folder of an index with one generation of one track."""
    indexed(battle)
    CaughtUpIndex().compact()
    return Path(settings.INDEX_DIR)


def test_generation_that_is_there_is_never_replaced(folder: Path) -> None:
    """Where two compact at the same moment, as one has lost its lease unseen, the first one's stands."""
    first = manifest.read(folder, 1)
    with pytest.raises(InvalidIndex, match="another process"):
        manifest.publish(folder, replace(first, sequence=99))
    assert manifest.read(folder, 1) == first
    assert not list(folder.glob("*.tmp"))


@pytest.mark.parametrize(("name", "value"), [("sequence", 2), ("tracks", 5), ("mark", "of another log")])
def test_manifest_that_was_changed_is_not_believed(folder: Path, name: str, value: object) -> None:
    """It is whole JSON still: by a later sequence, operations would be passed over for ever."""
    path = folder / "generation-000000001.json"
    stored = json.loads(path.read_text())
    assert stored["generation"][name] != value
    stored["generation"][name] = value
    path.write_text(json.dumps(stored))
    with pytest.raises(InvalidIndex, match="damaged"):
        manifest.read(folder, 1)
