"""Ed25519 key pairs of callback URLs (Standard Webhooks' v1a): the receiver holds the public key and cannot sign.

A pair is derived from the URL's secret, its number and `SECRETS_KEY`. So it is rotated, kept for the overlap and
sealed together with the secret, and the secret alone does not give the private key away.
"""

import base64

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.conf import settings

PUBLIC_PREFIX = "whpk_"
_SEED_BYTES = 32


def key_pair(*, endpoint_pk: int, secret: str) -> Ed25519PrivateKey:
    """Return the private key of a callback URL under `secret`."""
    info = f"webhook ed25519 {endpoint_pk}".encode()
    derive = HKDF(algorithm=SHA256(), length=_SEED_BYTES, salt=settings.SECRETS_KEY.encode(), info=info)
    return Ed25519PrivateKey.from_private_bytes(derive.derive(secret.encode()))


def public_key_text(key: Ed25519PrivateKey) -> str:
    """Return the public key as the owner sees it: `whpk_` and the base64 of its 32 bytes."""
    raw = key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    return PUBLIC_PREFIX + base64.b64encode(raw).decode("ascii")


def asymmetric_signature(*, key: Ed25519PrivateKey, message_id: str, timestamp: int, body: str) -> str:
    """Return `v1a,<base64>` over id, timestamp and body."""
    signed = key.sign(f"{message_id}.{timestamp}.{body}".encode())
    return f"v1a,{base64.b64encode(signed).decode('ascii')}"
