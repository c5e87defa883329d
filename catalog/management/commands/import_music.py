"""Take a folder of music into the catalog."""

import logging
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError, CommandParser
from tqdm import tqdm

from catalog.models import Job
from catalog.services.audio import formats
from catalog.services.statistics import gather_statistics
from catalog.services.tracks import importing
from catalog.services.tracks.file_names import shown

_POLL_S = 0.3
_ASKED_AT_ONCE = 500  # the first of those that wait: a database takes no query with the ids of a whole large import


class Command(BaseCommand):
    """`import_music FOLDER [--add] [--check] [--owner USERNAME] [--wait]`."""

    help = "Import every audio file below a folder. You can interrupt the command and run it again."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the arguments."""
        parser.add_argument("folder", type=Path)
        parser.add_argument("--add", action="store_true", help="add each track to the index")
        parser.add_argument("--check", action="store_true", help="check each track against the index")
        parser.add_argument("--owner", default=None, help="account that owns the tracks (default: the first superuser)")
        parser.add_argument("--wait", action="store_true", help="wait until the workers have finished the tasks")

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002
        """Import and sum up."""
        with _warnings_only():  # a line a file would break the progress bar
            self._import(options)

    def _import(self, options: dict[str, Any]) -> None:
        folder: Path = options["folder"]
        if not folder.is_dir():
            raise CommandError(f"There is no folder {folder}.")
        paths = importing.audio_paths(folder)
        if not paths:
            raise CommandError(f"No audio files below {folder} ({', '.join(sorted(formats.endings()))}).")
        found = importing.import_files(
            owner=_owner(options["owner"]), paths=paths, add=options["add"], check=options["check"]
        )
        outcomes = list(tqdm(found, total=len(paths), unit="file", desc="Importing", leave=False, disable=None))
        self._sum_up(outcomes)
        accepted = [job.pk for outcome in outcomes for job in outcome.accepted]
        if accepted and options["wait"]:
            self._wait(accepted)
        elif accepted:
            self.stdout.write(f"{len(accepted)} tasks are in the queue. The workers run them while the site is up.")
        if accepted or any(outcome.state == importing.IMPORTED for outcome in outcomes):
            gather_statistics()

    def _sum_up(self, outcomes: list[importing.Outcome]) -> None:
        counts = Counter(outcome.state for outcome in outcomes)
        self.stdout.write(
            f"{counts[importing.IMPORTED]} imported, {counts[importing.KNOWN]} already known,"
            f" {sum(counts[state] for state in importing.SKIPPED)} skipped."
        )
        for outcome in outcomes:
            if outcome.state in importing.SKIPPED:
                self.stdout.write(f"  skipped {shown(outcome.path)}: {outcome.reason}")

    def _wait(self, job_ids: list[int]) -> None:
        ended = Job.objects.filter(status__in=(Job.Status.SUCCESS, Job.Status.FAILURE)).select_related("track")
        waiting, failed = job_ids, list[Job]()
        with tqdm(total=len(job_ids), unit="task", desc="Tasks", leave=False, disable=None) as bar:
            while waiting:
                now_ended = ended.in_bulk(waiting[:_ASKED_AT_ONCE])
                failed += [job for job in now_ended.values() if job.status == Job.Status.FAILURE]
                waiting = [job_id for job_id in waiting if job_id not in now_ended]
                bar.update(len(now_ended))
                if not now_ended:
                    time.sleep(_POLL_S)
        self.stdout.write(f"{len(job_ids) - len(failed)} tasks done, {len(failed)} failed.")
        for job in failed:
            self.stdout.write(f"  {job.task_name} of {job.track.title}: {job.error}")


def _owner(username: str | None) -> User:
    accounts = User.objects.filter(username=username) if username else User.objects.filter(is_superuser=True)
    owner = accounts.order_by("pk").first()
    if owner is None:
        name = f"named {username!r}" if username else "to own the tracks. Use --owner, or run setup_site"
        raise CommandError(f"There is no account {name}.")
    return owner


@contextmanager
def _warnings_only() -> Iterator[None]:
    root = logging.getLogger()
    before = root.level
    root.setLevel(logging.WARNING)
    try:
        yield
    finally:
        root.setLevel(before)
