"""`manage.py index`: what it says, and what it makes in several processes."""

import io
from collections.abc import Callable
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from catalog.models import Fingerprint, Track
from catalog.services.audio.analysis import fingerprint_of
from catalog.services.index import searching
from catalog.services.index.searching import CaughtUpIndex
from tests.commands import said
from tests.indexed import found

pytestmark = pytest.mark.slow


def test_commands_say_how_it_is(indexed: Callable[[Path], Track], battle: Path, forest: Path) -> None:
    assert "none" in said("index", "status")
    indexed(battle)
    assert "has 1 tracks" in said("index", "rebuild")
    indexed(forest)
    status = said("index", "status")
    assert "behind the log         1 operations" in status
    assert "has 2 tracks" in said("index", "compact")
    assert said("index", "verify").count("good") == 3


def test_many_are_made_in_processes_of_their_own(
    indexed: Callable[[Path], Track], recordings: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    added = [indexed(path) for path in recordings[:3]]
    damaged = indexed(recordings[3])
    Fingerprint.objects.filter(audio_file=damaged.audio_file).update(data=b"nothing")
    monkeypatch.setattr(searching, "PARALLEL_FROM", 2)
    monkeypatch.setattr(searching, "_BATCH_OPERATIONS", 1)
    assert "has 3 tracks" in said("index", "rebuild")
    assert found(CaughtUpIndex(), added[2]) == [added[2].pk]


def test_verify_names_what_differs(
    indexed: Callable[[Path], Track], recordings: list[Path], index_folder: Path
) -> None:
    indexed(recordings[0])
    other = indexed(recordings[1])
    CaughtUpIndex().compact()
    swapped = Fingerprint.objects.get(audio_file=other.audio_file)
    Fingerprint.objects.filter(pk=swapped.pk).update(data=fingerprint_of(indexed(recordings[2])).to_bytes())
    out = io.StringIO()
    with pytest.raises(CommandError, match="1 problems"):
        call_command("index", "verify", stdout=out, stderr=io.StringIO())
    assert f"the index has another fingerprint of track {other.pk}" in out.getvalue()
