"""Register an account's callback URLs from the shell."""

from typing import Any

from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError, CommandParser

from staff import audit
from webhooks.models import Endpoint
from webhooks.services import (
    TooManyUrlsError,
    VerificationFailedError,
    add_endpoint,
    endpoint_secret,
    move_endpoint,
    store_endpoint,
    verify_endpoint,
)
from webhooks.url_guard import UrlRefusedError, check_address


class Command(BaseCommand):
    """`set_callback_url USERNAME URL [--another | --id ID] [--secret TEXT] [--show-secret]`."""

    help = "Sets an account's callback URL and sends it the challenge."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the account, the URL and what to do about the secret."""
        parser.add_argument("username")
        parser.add_argument("url")
        which = parser.add_mutually_exclusive_group()
        which.add_argument("--another", action="store_true", help="add the URL to those that the account has")
        which.add_argument("--id", help="change the callback URL of this id, where the account has several")
        parser.add_argument("--secret", help="use this secret instead of a new one")
        parser.add_argument("--show-secret", action="store_true", help="print only the secret on the last line")

    def handle(self, *, username: str, url: str, **options: Any) -> None:
        """Register the URL; fail with the reason if the URL does not answer its challenge."""
        try:
            check_address(url)
            owner = User.objects.get(username=username)
            audit.record("webhooks.endpoint.set", on=owner, url=url)  # first: it is stored where it does not answer
            endpoint = verify_endpoint(endpoint=_stored(owner, url, options))
        except User.DoesNotExist as error:
            raise CommandError(f"There is no account {username!r}.") from error
        except (UrlRefusedError, TooManyUrlsError) as error:
            raise CommandError(f"The URL is not stored: {error}") from error
        except VerificationFailedError as error:
            raise CommandError(f"The URL is stored, but not verified: {error} {_meanwhile(owner, url)}") from error
        self.stdout.write(f"{url} is verified; callbacks of {username} go there.")
        if options["show_secret"]:
            self.stdout.write(endpoint_secret(endpoint=endpoint))


def _stored(owner: User, url: str, options: dict[str, Any]) -> Endpoint:
    secret = options["secret"]
    if options["another"]:
        return add_endpoint(owner=owner, url=url, secret=secret)
    if options["id"] is None:
        return store_endpoint(owner=owner, url=url, secret=secret)
    named = [one for one in Endpoint.objects.of(owner) if str(one.public_id) == options["id"]]
    if not named:
        raise CommandError(f"The account has no callback URL with the id {options['id']!r}.")
    return move_endpoint(endpoint=named[0], url=url, secret=secret)


def _meanwhile(owner: User, url: str) -> str:
    """Say what becomes of callbacks until the URL that was stored answers."""
    endpoint = next(one for one in Endpoint.objects.of(owner) if one.newest_url == url)
    if endpoint.verified_at is None:
        return "Callbacks wait until the URL answers the challenge."
    return f"Callbacks still go to {endpoint.url}."
