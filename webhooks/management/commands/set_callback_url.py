"""Register an account's callback URL from the shell."""

from typing import Any

from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError, CommandParser

from staff import audit
from webhooks.models import Endpoint
from webhooks.services import VerificationFailedError, endpoint_secret, register_endpoint


class Command(BaseCommand):
    """`set_callback_url USERNAME URL [--secret TEXT] [--show-secret]`."""

    help = "Sets an account's callback URL and sends it the challenge."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the account, the URL and what to do about the secret."""
        parser.add_argument("username")
        parser.add_argument("url")
        parser.add_argument("--secret", help="use this secret instead of a new one")
        parser.add_argument("--show-secret", action="store_true", help="print only the secret on the last line")

    def handle(self, *, username: str, url: str, **options: Any) -> None:
        """Register, and fail with the reason where the URL does not answer."""
        try:
            owner = User.objects.get(username=username)
            audit.record(
                "webhooks.endpoint.set", on=owner, url=url
            )  # first: it is stored also where it does not answer
            endpoint = register_endpoint(owner=owner, url=url, secret=options["secret"])
        except User.DoesNotExist as error:
            raise CommandError(f"There is no account {username!r}.") from error
        except VerificationFailedError as error:
            raise CommandError(f"The URL is stored, but not verified: {error} {_meanwhile(owner)}") from error
        self.stdout.write(f"{url} is verified; callbacks of {username} go there.")
        if options["show_secret"]:
            self.stdout.write(endpoint_secret(endpoint=endpoint))


def _meanwhile(owner: User) -> str:
    """Say what becomes of callbacks until the URL that was stored answers."""
    endpoint = Endpoint.objects.get(owner=owner)
    if endpoint.verified_at is None:
        return "Callbacks wait until the URL answers the challenge."
    return f"Callbacks still go to {endpoint.url}."
