"""System checks of the WEBHOOK_* settings."""

import re
from collections.abc import Sequence
from typing import Any

from django.apps.config import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, register

_POSITIVE = [
    "WEBHOOK_TIMEOUT_SECONDS",
    "WEBHOOK_QUEUE_TRUST_SECONDS",
    "WEBHOOK_DISABLE_AFTER_DAYS",
    "WEBHOOK_ATTEMPT_RETENTION_DAYS",
    "WEBHOOK_RECEIVED_RETENTION_DAYS",
    "WEBHOOK_TOLERANCE_SECONDS",
    "WEBHOOK_MAX_BODY_KB",
    "WEBHOOK_REFUSED_KEPT",
]
_HOST_AND_PORT = re.compile(r"(\[[0-9a-f:.]+\]|[a-z0-9._-]+):[0-9]{1,5}", re.ASCII)
_SHORTEST_KEY = 16
# The queue ends a worker of callbacks after 60 s; a name is looked up and the answer written in what is left.
_LONGEST_TIMEOUT_S = 45


@register()
def webhook_settings(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:  # noqa: ARG001
    """Return an error for each setting that callbacks cannot work with."""
    return [*_numbers(), *_timeout(), *_schedule(), *_hosts(), *_key()]


def _numbers() -> list[CheckMessage]:
    return [
        Error(f"{name} must be above 0.", id="webhooks.E001") for name in _POSITIVE if not getattr(settings, name) > 0
    ]


def _timeout() -> list[CheckMessage]:
    if not settings.WEBHOOK_TIMEOUT_SECONDS > _LONGEST_TIMEOUT_S:
        return []
    return [Error(f"WEBHOOK_TIMEOUT_SECONDS must be {_LONGEST_TIMEOUT_S} at most.", id="webhooks.E005")]


def _schedule() -> list[CheckMessage]:
    schedule = settings.WEBHOOK_SCHEDULE_SECONDS
    if schedule and schedule[0] >= 0 and sorted(schedule) == list(schedule):
        return []
    return [Error("WEBHOOK_SCHEDULE_SECONDS must hold seconds that never fall.", id="webhooks.E002")]


def _hosts() -> list[CheckMessage]:
    return [
        Error(
            f"WEBHOOK_ALLOWED_PRIVATE_HOSTS holds {entry!r}; it takes host:port, in small letters.", id="webhooks.E003"
        )
        for entry in settings.WEBHOOK_ALLOWED_PRIVATE_HOSTS
        if not _HOST_AND_PORT.fullmatch(entry)
    ]


def _key() -> list[CheckMessage]:
    if len(settings.SECRETS_KEY) >= _SHORTEST_KEY:
        return []
    return [Error(f"SECRETS_KEY must have {_SHORTEST_KEY} characters or more.", id="webhooks.E004")]
