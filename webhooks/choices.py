"""What an account can choose for a callback URL. The contract's events, body and signature are the default."""

from django.db.models import TextChoices

from webhooks.contract import Event


class BodyFormat(TextChoices):
    """The body of the contract's events: exactly as in the contract, or with the matches added."""

    CONTRACT = "contract", "the API's own"
    FULL = "full", "full, with every match"


class Scheme(TextChoices):
    """How `webhook-signature` is made: with the shared secret (v1), or with a private key (v1a)."""

    HMAC = "hmac", "HMAC, by secret (v1)"
    ED25519 = "ed25519", "Ed25519, by public key (v1a)"


def contract_events() -> list[str]:
    """Return the events of a URL for which nobody chose any."""
    return [Event.ADD.value, Event.CHECK.value]
