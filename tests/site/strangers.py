"""Who has no business on a staff page."""

from datetime import timedelta

from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from catalog.models import ApiKey
from catalog.services.api_keys import create_key, revoke_key


def keys_of(owner: User) -> dict[str, str]:
    """Return an expired and a revoked key."""
    expired = create_key(owner=owner, expires_at=timezone.now() - timedelta(days=1))[1]
    row, revoked = create_key(owner=owner)
    revoke_key(key=row)
    return {"expired": expired, "revoked": revoked}


def strangers(owner: User, outsider: User) -> dict[str, Client]:
    """Return everybody who has no business on a staff page."""
    ordinary = Client()
    ordinary.force_login(outsider)
    good = create_key(owner=outsider, tier=ApiKey.Tier.CUSTOM, custom_per_minute=100_000)[1]
    texts = {"good key": good} | keys_of(owner)
    with_keys = {name: Client(headers={"Authorization": f"Bearer {text}"}) for name, text in texts.items()}
    return {"nobody": Client(), "account that is no staff": ordinary} | with_keys
