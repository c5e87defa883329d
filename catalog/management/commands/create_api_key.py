"""Create an API key for an account."""

from datetime import datetime
from typing import Any

from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from catalog.models import ApiKey
from catalog.services.api_keys import create_key
from catalog.services.rate_limits import per_minute
from staff import audit


class Command(BaseCommand):
    """`create_api_key USERNAME [--tier free|paid|custom] [--per-minute N] [--expires ISO]`."""

    help = "Create an API key. The last line of the output is only the key. It is shown once."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the arguments."""
        parser.add_argument("username")
        parser.add_argument("--tier", choices=ApiKey.Tier.values, default=None)
        parser.add_argument("--per-minute", type=int, default=None, help="calls per minute, for the custom tier")
        parser.add_argument("--expires", default=None, help="ISO date or date and time")
        parser.add_argument("--label", default="", help="what the key is for")

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002
        """Make the key."""
        owner = User.objects.filter(username=options["username"]).first()
        if owner is None:
            raise CommandError(f"There is no account {options['username']!r}.")
        tier, limit = _tier(options["tier"], options["per_minute"])
        row, text = create_key(
            owner=owner,
            tier=tier,
            custom_per_minute=limit,
            expires_at=_moment(options["expires"]),
            label=options["label"],
        )
        audit.record("catalog.apikey.add", on=row, owner=owner.username, tier=tier)
        until = f", until {row.expires_at:%Y-%m-%d %H:%M %Z}" if row.expires_at else ""
        self.stdout.write(f"Key of {owner.username}: {tier}, {per_minute(row)} calls per minute{until}. Keep it safe:")
        self.stdout.write(text)


def _tier(tier: str | None, per_minute_wanted: int | None) -> tuple[str, int | None]:
    """Return the tier and its own limit; --per-minute alone means custom."""
    if per_minute_wanted is None:
        if tier == ApiKey.Tier.CUSTOM:
            raise CommandError("The custom tier needs --per-minute N.")
        return tier or ApiKey.Tier.FREE, None
    if tier not in (None, ApiKey.Tier.CUSTOM):
        raise CommandError(f"The {tier} tier has its own limit: leave out --per-minute, or use --tier custom.")
    if not 0 < per_minute_wanted <= 1_000_000:
        raise CommandError("--per-minute must be from 1 to 1,000,000.")
    return ApiKey.Tier.CUSTOM, per_minute_wanted


def _moment(text: str | None) -> datetime | None:
    """Read an ISO date (its first moment) or date and time, in the deployment's time zone where it names none."""
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise CommandError(f"--expires {text} is not an ISO date or time.") from error
    return moment if timezone.is_aware(moment) else timezone.make_aware(moment)
