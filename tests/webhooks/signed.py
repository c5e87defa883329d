"""Signed requests as any peer would make them, written from the contract and not with the project's own code."""

import base64
import hashlib
import hmac
import json
import time
from typing import Any

from django.test import Client


def mippia(secret: str, task_id: str, *, at: float | None = None) -> dict[str, str]:
    """The two x-mippia headers."""
    stamp = str(int(time.time() if at is None else at))
    digest = hmac.new(secret.encode(), f"{stamp}:{task_id}".encode(), hashlib.sha256).hexdigest()
    return {"X-Mippia-Timestamp": stamp, "X-Mippia-Signature": digest}


def standard(secret: str, body: bytes, *, message_id: str = "msg_1", at: float | None = None) -> dict[str, str]:
    """The three Standard Webhooks headers."""
    stamp = str(int(time.time() if at is None else at))
    key = base64.b64decode(secret.removeprefix("whsec_"))
    digest = hmac.new(key, f"{message_id}.{stamp}.".encode() + body, hashlib.sha256).digest()
    signature = "v1," + base64.b64encode(digest).decode()
    return {"Webhook-Id": message_id, "Webhook-Timestamp": stamp, "Webhook-Signature": signature}


def dumps(body: Any) -> bytes:
    """A body's bytes."""
    return json.dumps(body).encode()


def both(secret: str, task_id: str, body: Any, **kwargs: Any) -> dict[str, str]:
    """All five headers."""
    raw = body if isinstance(body, bytes) else dumps(body)
    return mippia(secret, task_id) | standard(secret, raw, **kwargs)


def call(client: Client, body: Any, headers: dict[str, str], *, source: str = "label") -> Any:
    """Send a body to the incoming endpoint of a source."""
    raw = body if isinstance(body, bytes) else dumps(body)
    return client.generic("POST", f"/webhooks/incoming/{source}/", raw, "application/json", headers=headers)
