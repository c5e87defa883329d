"""Importing a folder of music: one file at a time, resumable, with a reason for every skipped file."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from django.contrib.auth.models import User

from catalog.models import Job, Track
from catalog.services.audio import formats, store
from catalog.services.errors import NotReachableError, UploadRefusedError
from catalog.services.tasks import accepting
from catalog.services.tracks import adding

IMPORTED, KNOWN, REFUSED, UNREADABLE = "imported", "known", "refused", "unreadable"
NOT_STORED = "not stored"
SKIPPED = (REFUSED, UNREADABLE, NOT_STORED)


@dataclass(frozen=True)
class Outcome:
    """What became of one file."""

    path: Path
    state: str
    reason: str = ""
    track: Track | None = None
    accepted: tuple[Job, ...] = ()


def audio_paths(folder: Path) -> list[Path]:
    """Return the files below `folder` that look like music, in a stable order, without hidden ones."""
    wanted = formats.endings()
    return sorted(
        path
        for path in folder.rglob("*")
        if path.suffix.lower() in wanted and path.is_file() and not path.name.startswith(".")
    )


def import_files(*, owner: User, paths: list[Path], add: bool, check: bool) -> Iterator[Outcome]:
    """Add each file to the catalog and ask for its tasks; yield what became of it.

    A file whose bytes the owner has already is not added twice, and no task is asked for twice: an interrupted
    import goes on where it stopped.
    """
    for path in paths:
        try:
            outcome = _import_file(owner=owner, path=path)
        except UploadRefusedError as error:
            outcome = Outcome(path, REFUSED, str(error))
        except NotReachableError as error:
            outcome = Outcome(path, NOT_STORED, str(error))
        except OSError as error:
            outcome = Outcome(path, UNREADABLE, error.strerror or str(error))
        wanted = [name for name, asked in ((Job.Name.ADD, add), (Job.Name.CHECK, check)) if asked]
        yield _with_tasks(outcome, owner=owner, wanted=wanted)


def _import_file(*, owner: User, path: Path) -> Outcome:
    adding.refuse_size(path.stat().st_size)
    sha256 = store.sha256_of(path)
    known = Track.objects.present().filter(owner=owner, audio_file__sha256=sha256).first()
    if known:
        return Outcome(path, KNOWN, f"already in the catalog as {known.title}", known)
    return Outcome(path, IMPORTED, track=adding.add_track(owner=owner, source=path, file_name=path.name))


def _with_tasks(outcome: Outcome, *, owner: User, wanted: Sequence[str]) -> Outcome:
    track = outcome.track
    if track is None:
        return outcome
    standing = set(track.jobs.exclude(status=Job.Status.FAILURE).values_list("task_name", flat=True))
    accepted = tuple(
        accepting.accept_job(track=track, owner=owner, task_name=name) for name in wanted if name not in standing
    )
    return Outcome(outcome.path, outcome.state, outcome.reason, track, accepted)
