"""Write the pages of docs about the settings from their declarations."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from fingerprint_site.declared import page


class Command(BaseCommand):
    """`write_settings_page`."""

    help = "Write docs/settings.md and docs/settings-catalog.md from what the code declares of each setting."

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002
        """Write the pages."""
        for name, text in page.pages().items():
            path = settings.BASE_DIR / "docs" / name
            path.write_text(text, encoding="utf-8")
            self.stdout.write(f"Wrote {path}.")
