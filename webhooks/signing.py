"""Both signatures of a callback: making and checking them.

`x-mippia-signature`: hex HMAC-SHA256 of "{timestamp}:{task_id}", keyed with the secret's text as its owner sees it.
`webhook-signature`: Standard Webhooks 1.0, over id, timestamp and body, keyed with the bytes behind `whsec_`.
"""

import binascii
import hashlib
import hmac
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

from standardwebhooks import Webhook

from webhooks.secret_box import SECRET_PREFIX

_TIMESTAMP = re.compile(r"[0-9]{1,11}", re.ASCII)
_MESSAGE_ID = re.compile(r"[\x21-\x7e]{1,255}", re.ASCII)


class BadSignatureError(Exception):
    """A signature is missing, malformed, too old, or not of this secret."""


@dataclass(frozen=True)
class Verdict:
    """Which kinds of signature came and are valid."""

    mippia: bool
    standard: bool


def mippia_signature(*, secret: str, timestamp: str, task_id: str) -> str:
    """Return the hex HMAC-SHA256 of "{timestamp}:{task_id}" under the text of `secret`."""
    return hmac.new(secret.encode(), f"{timestamp}:{task_id}".encode(), hashlib.sha256).hexdigest()


def standard_signature(*, secret: str, message_id: str, timestamp: int, body: str) -> str:
    """Return `v1,<base64>` over id, timestamp and body.

    A secret without the prefix `whsec_`, as a sender may give out, is used as its own bytes.
    """
    key: str | bytes = secret if secret.startswith(SECRET_PREFIX) else secret.encode()
    # The library's sign() takes the wall clock of any zone for UTC: it must get UTC.
    return Webhook(key).sign(message_id, datetime.fromtimestamp(timestamp, tz=UTC), body)


class Signer(Protocol):
    """Makes one signature over id, timestamp and body, such as `v1,<base64>`."""

    def __call__(self, *, message_id: str, timestamp: int, body: str) -> str:
        """Return the signature."""


def standard_headers(*, signers: Sequence[Signer], message_id: str, timestamp: int, body: str) -> dict[str, str]:
    """Return the three Standard Webhooks headers, with one signature of each of `signers`."""
    signatures = [sign(message_id=message_id, timestamp=timestamp, body=body) for sign in signers]
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(signatures),
    }


def mippia_headers(*, secret: str, timestamp: int, task_id: str) -> dict[str, str]:
    """Return the two headers that sign a task id."""
    return {
        "x-mippia-timestamp": str(timestamp),
        "x-mippia-signature": mippia_signature(secret=secret, timestamp=str(timestamp), task_id=task_id),
    }


def verify(
    *,
    secrets: Sequence[str],
    headers: Mapping[str, str],
    task_id: str,
    body: str,
    now: datetime,
    tolerance_s: int,
) -> Verdict:
    """Check every kind of signature that came; `headers` have lower-case names.

    Raises:
        BadSignatureError: one is not valid, or none came; the message says why, for a person.

    """
    mippia = any(name.startswith("x-mippia-") for name in headers)
    standard = any(name in headers for name in ("webhook-id", "webhook-timestamp", "webhook-signature"))
    if not (mippia or standard):
        raise BadSignatureError("The request carries no signature.")
    if mippia:
        _verify_mippia(secrets, headers, task_id=task_id, now=now, tolerance_s=tolerance_s)
    if standard:
        _verify_standard(secrets, headers, body=body, now=now, tolerance_s=tolerance_s)
    return Verdict(mippia=mippia, standard=standard)


def _verify_mippia(
    secrets: Sequence[str], headers: Mapping[str, str], *, task_id: str, now: datetime, tolerance_s: int
) -> None:
    timestamp = headers.get("x-mippia-timestamp", "")
    _check_age(timestamp, name="x-mippia-timestamp", now=now, tolerance_s=tolerance_s)
    given = headers.get("x-mippia-signature", "").encode("utf-8", "replace")
    # All secrets are tried, each in constant time: nothing to learn from how long it took.
    held = [
        hmac.compare_digest(
            mippia_signature(secret=secret, timestamp=timestamp, task_id=task_id).encode("ascii"), given
        )
        for secret in secrets
    ]
    if not any(held):
        raise BadSignatureError("x-mippia-signature is not valid.")


def _verify_standard(
    secrets: Sequence[str], headers: Mapping[str, str], *, body: str, now: datetime, tolerance_s: int
) -> None:
    message_id = headers.get("webhook-id", "")
    if not _MESSAGE_ID.fullmatch(message_id):
        raise BadSignatureError("webhook-id is missing or malformed.")
    timestamp = headers.get("webhook-timestamp", "")
    seconds = _check_age(timestamp, name="webhook-timestamp", now=now, tolerance_s=tolerance_s)
    given = [
        part.encode("utf-8", "replace")
        for part in headers.get("webhook-signature", "").split(" ")
        if part.startswith("v1,")
    ]
    held = [
        hmac.compare_digest(expected, signature)
        for expected in _expected_standard(secrets, message_id=message_id, timestamp=seconds, body=body)
        for signature in given
    ]
    if not any(held):
        raise BadSignatureError("webhook-signature is not valid.")


def _expected_standard(secrets: Sequence[str], *, message_id: str, timestamp: int, body: str) -> list[bytes]:
    try:
        return [
            standard_signature(secret=secret, message_id=message_id, timestamp=timestamp, body=body).encode("ascii")
            for secret in secrets
        ]
    except binascii.Error as error:
        raise BadSignatureError("The secret of this source is not a Standard Webhooks secret.") from error


def _check_age(timestamp: str, *, name: str, now: datetime, tolerance_s: int) -> int:
    if not _TIMESTAMP.fullmatch(timestamp):
        raise BadSignatureError(f"{name} is missing or not unix seconds.")
    away_s = abs(now.timestamp() - int(timestamp))
    if away_s > tolerance_s:
        raise BadSignatureError(f"{name} is {away_s:.0f} s off the clock here; at most {tolerance_s} s are accepted.")
    return int(timestamp)
