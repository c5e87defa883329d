"""Write docs/settings.md from the declarations of the settings."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from fingerprint_site.declared import page


class Command(BaseCommand):
    """`write_settings_page`."""

    help = "Write docs/settings.md from what the code declares of each setting."

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002
        """Write the page."""
        path = settings.BASE_DIR / "docs" / "settings.md"
        path.write_text(page.text(), encoding="utf-8")
        self.stdout.write(f"Wrote {path}.")
