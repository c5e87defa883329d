"""Two databases at one store of recordings: neither removes, nor writes beside, what the other one keeps there."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings

from catalog.models import AudioFile, Track
from catalog.services import housekeeping, stored_files


@pytest.fixture(params=["a folder", "a bucket"])
def stored(request: pytest.FixtureRequest) -> Callable[[], set[str]]:
    """Use one kind of store, and tell which recordings lie in it."""
    if request.param == "a bucket":
        bucket = request.getfixturevalue("s3")
        return lambda: {name for name in bucket.names() if "/" in name}
    folder = Path(settings.AUDIO_DIR)
    return lambda: {str(path.relative_to(folder)) for path in folder.glob("*/*")}


def tidy_a_day(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tidy as in each hour of a day."""
    for hour in range(24):
        monkeypatch.setattr("time.time", lambda hour=hour: 1_800_000_000 + 3600 * hour)
        housekeeping.tidy()


def test_tidying_of_another_database_leaves_every_recording(
    stored: Callable[[], set[str]],
    add_track: Callable[..., Track],
    recordings: list[Path],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for path in recordings:
        add_track(path)
    before = stored()
    assert len(before) == len(recordings)
    Track.objects.all().delete()
    AudioFile.objects.all().delete()
    monkeypatch.setattr(stored_files, "GIVEN_UP_AFTER", timedelta(hours=-1))
    tidy_a_day(monkeypatch)
    assert stored() == before
