"""Build the index files again from the database."""

import time
from typing import Any

from django.core.management.base import BaseCommand

from catalog.services.searching import CaughtUpIndex


class Command(BaseCommand):
    """`rebuild_index`."""

    help = "Build the index again from the database and write it as a new generation. Nothing else has to stop."

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002
        """Rebuild and say how large it is."""
        started_s = time.monotonic()
        count = CaughtUpIndex().rebuild()
        self.stdout.write(f"The index holds {count} tracks; rebuilt in {time.monotonic() - started_s:.1f} s.")
