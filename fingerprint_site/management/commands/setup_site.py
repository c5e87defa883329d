"""Bring the database, the static files and the first accounts to where the site can start."""

from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand

from fingerprint_site.running.accounts import first_login
from fingerprint_site.running.static_files import collect_when_changed


class Command(BaseCommand):
    """`setup_site`; safe to run again at any time."""

    help = "Migrate the database, collect static files, make the first accounts. Safe to repeat."

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002
        """Do what is not done yet."""
        call_command("migrate", interactive=False, verbosity=0)
        collect_when_changed()
        first_login()
