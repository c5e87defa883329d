"""One command for a backup of everything."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError
from tqdm import tqdm

from catalog.services.errors import CatalogError
from fingerprint_site.backup.manifest import BackupError
from fingerprint_site.backup.taking import take
from staff import audit


class Command(BaseCommand):
    """`backup FOLDER [--without-audio] [--overwrite]`."""

    help = "Write the database, uploaded files, index and keys to a new folder while the site runs."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the arguments."""
        parser.add_argument("folder", type=Path)
        parser.add_argument("--without-audio", action="store_true", help="leave the uploaded files out")
        parser.add_argument("--overwrite", action="store_true", help="delete the contents of FOLDER first")

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002
        """Make the backup, and say what it holds."""
        folder: Path = options["folder"]
        try:
            audit.record("backup", kind="export", folder=str(folder))  # first, so that the backup holds it as well
            with tqdm(unit="B", unit_scale=True, desc="uploaded files", disable=None) as bar:
                content = take(
                    folder,
                    without_audio=options["without_audio"],
                    overwrite=options["overwrite"],
                    progress=bar.update,
                )
        except (BackupError, CatalogError, OSError, DatabaseError) as error:
            raise CommandError(f"No backup was made: {error}") from error
        held = ", ".join(f"{count:,} {name}" for name, count in content.counts.items())
        self.stdout.write(f"{folder}: {held}; {len(content.files):,} files, each with its SHA-256 in manifest.json.")
        if content.gone_meanwhile:
            self.stdout.write(f"{len(content.gone_meanwhile)} stored files are missing: {content.gone_meanwhile[:5]}")
        self.stdout.write("The backup contains the keys of the stored secrets. Keep it as safe as the site itself.")
