"""The headers that sign a callback, in the way that its URL chose."""

from collections.abc import Sequence
from datetime import datetime
from functools import partial

from django.utils import timezone

from webhooks.choices import Scheme
from webhooks.key_pairs import asymmetric_signature, key_pair, public_key_text
from webhooks.models import Endpoint
from webhooks.services.sealed_secrets import secrets_in_force
from webhooks.signing import Signer, mippia_headers, standard_headers, standard_signature


def signed_headers(
    endpoint: Endpoint, *, secrets: Sequence[str], message_id: str, task_id: str, body: str, now: datetime
) -> dict[str, str]:
    """Return the headers that sign a request; `secrets` are the current one, then those still in their overlap.

    Without a `task_id` x-mippia-signature is left out: it would have nothing to cover.
    """
    timestamp = int(now.timestamp())
    signers = [_signer(endpoint, secret) for secret in secrets]
    standard = standard_headers(signers=signers, message_id=message_id, timestamp=timestamp, body=body)
    if not task_id:
        return standard
    return mippia_headers(secret=secrets[0], timestamp=timestamp, task_id=task_id) | standard


def public_keys(endpoint: Endpoint) -> list[str]:
    """Return the public keys that check today's callbacks, current first; none if they are signed with HMAC.

    Raises SecretUnreadableError.
    """
    if endpoint.scheme != Scheme.ED25519:
        return []
    in_force = secrets_in_force(endpoint, now=timezone.now())
    return [public_key_text(key_pair(endpoint_pk=endpoint.pk, secret=secret)) for secret in in_force]


def _signer(endpoint: Endpoint, secret: str) -> Signer:
    if endpoint.scheme == Scheme.ED25519:
        return partial(asymmetric_signature, key=key_pair(endpoint_pk=endpoint.pk, secret=secret))
    return partial(standard_signature, secret=secret)
