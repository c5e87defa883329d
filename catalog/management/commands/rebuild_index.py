"""Another name of `index rebuild`."""

from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand


class Command(BaseCommand):
    """`rebuild_index`."""

    help = "The same as `index rebuild`."

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002
        """Rebuild."""
        call_command("index", "rebuild", stdout=self.stdout, stderr=self.stderr)
