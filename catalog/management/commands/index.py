"""Look at the index, compact it, make it anew, verify it."""

import time
from collections.abc import Iterable
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from tqdm import tqdm

from catalog.engine import IndexBusy, IndexUnavailable
from catalog.engine.index.interface import Entry
from catalog.services.index import status, verifying
from catalog.services.index.searching import CaughtUpIndex


class Command(BaseCommand):
    """`index status|compact|rebuild|verify`."""

    help = "Show, compact, rebuild or verify the index of fingerprints while the site runs."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the actions."""
        actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
        actions.add_parser("status", help="show generation, tracks, bytes and how far the index is behind the log")
        actions.add_parser("compact", help="write the changes since the last generation as a new one")
        actions.add_parser("rebuild", help="rebuild the index from the fingerprints in the database")
        verify = actions.add_parser(
            "verify", help="compare files, log, index and fingerprints; exit with an error if they differ"
        )
        verify.add_argument(
            "--sample", type=int, default=200, help="number of number of fingerprints to compare; 0 for all"
        )

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002
        """Do one of them."""
        try:
            getattr(self, f"_{options['action']}")(**options)
        except (IndexBusy, IndexUnavailable) as error:
            raise CommandError(str(error)) from error

    def rebuild(self) -> None:
        """Make the index anew and say how large it is."""
        started_s = time.monotonic()
        size = CaughtUpIndex().rebuild(self._shown)
        self.stdout.write(f"The index has {size.tracks} tracks; rebuilt in {time.monotonic() - started_s:.1f} s.")

    def _rebuild(self, **options: Any) -> None:  # noqa: ARG002
        self.rebuild()

    def _compact(self, **options: Any) -> None:  # noqa: ARG002
        started_s = time.monotonic()
        size = CaughtUpIndex().compact()
        self.stdout.write(f"The index has {size.tracks} tracks; compacted in {time.monotonic() - started_s:.1f} s.")

    def _status(self, **options: Any) -> None:  # noqa: ARG002
        for name, value in status.all_facts().items():
            self.stdout.write(f"{name:<22} {value}")

    def _verify(self, sample: int, **options: Any) -> None:  # noqa: ARG002
        problems = 0
        for step, found in verifying.verify(sample=sample, progress=self._counted):
            self.stdout.write(f"{step}: {'; '.join(found) if found else 'good'}")
            problems += len(found)
        if problems:
            raise CommandError(f"The index has {problems} problems. `manage.py index rebuild` rebuilds it.")

    def _shown(self, entries: Iterable[Entry], count: int) -> Iterable[Entry]:
        return tqdm(entries, total=count, unit="track", desc="Rebuilding", leave=False, disable=None)

    def _counted(self, things: Iterable[Any], count: int, what: str) -> Iterable[Any]:
        return tqdm(things, total=count, unit="", desc=what, leave=False, disable=None)
