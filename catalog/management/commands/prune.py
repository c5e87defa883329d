"""Deletes what is older than the settings say; the sweeper does the same every hour."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone
from tqdm import tqdm

from catalog.services.pruning import RETENTIONS


class Command(BaseCommand):
    """`prune [--dry-run] [--only NAME …]`."""

    help = "Delete rows that are older than the retention settings allow. You can interrupt it and run it again."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the arguments."""
        parser.add_argument("--dry-run", action="store_true", help="only show how many rows would be deleted")
        parser.add_argument(
            "--only", nargs="+", choices=[retention.name for retention in RETENTIONS], help="only these kinds of rows"
        )

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002
        """Prune, and say what went."""
        now = timezone.now()
        for retention in RETENTIONS:
            if options["only"] and retention.name not in options["only"]:
                continue
            rows = retention.count(now=now)
            word = "would be deleted" if options["dry_run"] else "deleted"
            if rows and not options["dry_run"]:
                with tqdm(total=rows, desc=retention.name, unit="row", disable=None) as bar:
                    rows = retention.prune(now=now, on_batch=bar.update)
            self.stdout.write(f"{retention.name}: {rows:,} {word} ({retention.setting})")
