"""Bring the database, the static files and the first accounts to where the site can start."""

from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandParser

from catalog.services.audio import store_owner
from catalog.services.errors import NotReachableError
from fingerprint_site.running.accounts import make_first_accounts
from fingerprint_site.running.static_files import collect_when_changed


class Command(BaseCommand):
    """`setup_site [--demo]`; safe to run again at any time."""

    help = (
        "Migrate the database, collect static files, and create the staff account if there are no accounts."
        " You can run it again at any time."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the arguments."""
        parser.add_argument("--demo", action="store_true", help="also create the demo account and its key")

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002
        """Do what is not done yet."""
        call_command("migrate", interactive=False, verbosity=0)
        collect_when_changed()
        self._claim_store()
        make_first_accounts(with_demo=options["demo"])

    def _claim_store(self) -> None:
        """Say at once what would otherwise be found by the first upload; all else works without the store."""
        try:
            store_owner.require()
        except NotReachableError as error:
            self.stderr.write(f"{error} Uploads are refused: see `manage.py stored_files status`.")
