"""One command to put a backup back."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError
from tqdm import tqdm

from catalog.services.errors import CatalogError
from fingerprint_site.backup.manifest import BackupError
from fingerprint_site.backup.restoring import restore
from staff import audit


class Command(BaseCommand):
    """`restore FOLDER [--overwrite] [--take-over]`."""

    help = "Restore a backup into an empty, stopped deployment: database, uploaded files, index and keys."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the arguments."""
        parser.add_argument("folder", type=Path)
        parser.add_argument("--overwrite", action="store_true", help="replace the contents of this deployment")
        parser.add_argument(
            "--take-over", action="store_true", help="take the store over from a deployment that is gone"
        )

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002
        """Restore, and say what is there now."""
        try:
            with tqdm(unit="B", unit_scale=True, desc="uploaded files", disable=None) as bar:
                content = restore(
                    options["folder"],
                    overwrite=options["overwrite"],
                    take_over=options["take_over"],
                    progress=bar.update,
                )
            audit.record("restore", folder=str(options["folder"]), as_of=content.created_at)
        except (BackupError, CatalogError, OSError, DatabaseError) as error:
            raise CommandError(f"Not restored: {error}") from error
        held = ", ".join(f"{count:,} {name}" for name, count in content.counts.items())
        self.stdout.write(f"Restored as of {content.created_at}: {held}. Start the site as usual.")
        self.stdout.write("Newer files stay in the store. `manage.py stored_files unknown` lists them.")
