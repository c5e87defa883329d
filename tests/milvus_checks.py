"""What the tests of an index in Milvus ask of it, whatever cluster it is in."""

from collections.abc import Callable
from pathlib import Path

import pytest
from pytest_django import Settings

from catalog.engine import Fingerprinter
from catalog.models import Job, Track
from catalog.services.index.searching import CaughtUpIndex
from catalog.services.tasks import accepting, work
from tests.alterations import faster, sound
from tests.indexed import fingerprint_at


def found(index: CaughtUpIndex, path: Path) -> list[int]:
    """Return the tracks that hold a recording."""
    return [match.track_id for match in index.search(fingerprint_at(path), exclude=(), limit=5) if match.is_duplicate]


def check_of(track: Track) -> Job:
    """Ask for a check and try it once."""
    job = accepting.accept_job(track=track, owner=track.owner, task_name=Job.Name.CHECK)
    work.run(job.pk)
    job.refresh_from_db()
    return job


def hold_to_the_embedded_index(settings: Settings, indexed: Callable[[Path], Track], recordings: list[Path]) -> None:
    """Compare verdicts, scores and places on the test music: copies, altered copies, an excerpt, a stranger."""
    for path in recordings[:5]:
        indexed(path)
    samples = sound(recordings[1])
    queries = [fingerprint_at(path) for path in recordings[:6]]
    queries += [Fingerprinter.of_samples(faster(samples, speed)) for speed in (0.94, 1.1)]
    queries.append(Fingerprinter.of_samples(samples[16_000 * 5 : 16_000 * 17]))
    clustered = CaughtUpIndex()
    told = [clustered.search(query, exclude=(), limit=5) for query in queries]
    settings.FINGERPRINT_INDEX = ""
    embedded = CaughtUpIndex()
    for query, matches in zip(queries, told, strict=True):
        expected = embedded.search(query, exclude=(), limit=5)
        assert [(m.track_id, m.verdict) for m in matches] == [(m.track_id, m.verdict) for m in expected]
        assert [m.score for m in matches] == pytest.approx([m.score for m in expected], rel=0.02)
        assert [m.offset_s for m in matches] == pytest.approx([m.offset_s for m in expected], abs=0.02)
    assert any(match.is_duplicate for matches in told for match in matches)
