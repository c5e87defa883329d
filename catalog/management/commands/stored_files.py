"""The store of uploaded files: whose it is, what lies there, and taking it over."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from catalog.models import AudioFile, PendingFile
from catalog.services.audio import store_owner, stored_files
from catalog.services.errors import NotReachableError


class Command(BaseCommand):
    """`stored_files status|unknown|take-over`."""

    help = "Show who owns the store of uploaded files, list its unknown files, or take the store over."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the actions."""
        actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
        actions.add_parser("status", help="show the owner and the files that are being written or removed")
        actions.add_parser("unknown", help="list the files that this database does not know; nothing is removed")
        actions.add_parser("take-over", help="make this deployment the owner, if the previous owner no longer exists")

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002
        """Do one of them."""
        try:
            getattr(self, f"_{options['action'].replace('-', '_')}")()
        except NotReachableError as error:
            raise CommandError(str(error)) from error

    def _status(self) -> None:
        mark, is_ours = store_owner.read_mark(), store_owner.is_ours_or_free()
        whose = "nobody yet" if mark is None else f"{'this' if is_ours else 'ANOTHER'} deployment: {mark}"
        pending = PendingFile.objects.values_list("state", flat=True)
        facts = {
            "store": whose,
            "files": f"{AudioFile.objects.count():,}",
            "being written": f"{pending.filter(state=PendingFile.State.WRITING).count():,}",
            "to be removed": f"{pending.filter(state=PendingFile.State.REMOVING).count():,}",
        }
        for name, value in facts.items():
            self.stdout.write(f"{name:<14} {value}")

    def _unknown(self) -> None:
        names = 0
        for name in stored_files.unknown():
            self.stdout.write(name)
            names += 1
        self.stderr.write(f"{names:,} files in the store are unknown to this database.")

    def _take_over(self) -> None:
        before = store_owner.read_mark()
        forgotten = store_owner.take_over()
        self.stdout.write(f"This deployment now owns the store. The previous owner was {before or 'nobody'}.")
        if forgotten:
            self.stdout.write(
                f"{forgotten:,} unfinished uploads were discarded. `stored_files unknown` lists their files."
            )
