"""Webhook secrets at rest: made, encrypted under `SECRETS_KEY`, and decrypted to sign."""

import base64
import binascii
import re
import secrets
from functools import lru_cache

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

SECRET_PREFIX = "whsec_"  # noqa: S105 - the Standard Webhooks prefix, not a secret
SECRET_BYTES = 32
SHORTEST_CHARACTERS, LONGEST_CHARACTERS = 16, 200
_PRINTABLE = re.compile(r"[\x21-\x7e]+", re.ASCII)


class SecretUnreadableError(Exception):
    """A stored secret was encrypted under another `SECRETS_KEY`."""


def new_secret() -> str:
    """Return a new secret as its owner sees it: `whsec_` and the base64 of 32 random bytes."""
    return SECRET_PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode("ascii")


def secret_problem(secret: str) -> str:
    """Return why a chosen secret cannot be used; empty if it can."""
    if not (SHORTEST_CHARACTERS <= len(secret) <= LONGEST_CHARACTERS and _PRINTABLE.fullmatch(secret)):
        return f"A secret has {SHORTEST_CHARACTERS} to {LONGEST_CHARACTERS} printable ASCII characters without spaces."
    if not secret.startswith(SECRET_PREFIX):
        return ""
    try:
        base64.b64decode(secret.removeprefix(SECRET_PREFIX), validate=True)
    except binascii.Error:
        return f"After {SECRET_PREFIX} a secret has base64."
    return ""


def seal(secret: str) -> str:
    """Return `secret` encrypted and authenticated, as text for a column."""
    return _box(settings.SECRETS_KEY).encrypt(secret.encode()).decode("ascii")


def unseal(sealed: str) -> str:
    """Return the secret that `seal` encrypted.

    Raises SecretUnreadableError where the key is another one or the text was changed.
    """
    try:
        return _box(settings.SECRETS_KEY).decrypt(sealed.encode()).decode()
    except InvalidToken as error:
        raise SecretUnreadableError("The stored secret was encrypted with another SECRETS_KEY.") from error


@lru_cache(maxsize=4)
def _box(key: str) -> Fernet:
    derived = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"webhook secrets").derive(key.encode())
    return Fernet(base64.urlsafe_b64encode(derived))
