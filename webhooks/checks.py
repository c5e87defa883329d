"""System checks of the WEBHOOK_* settings."""

import re
from collections.abc import Sequence
from typing import Any

from django.apps.config import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, register

_HOST_AND_PORT = re.compile(r"(\[[0-9a-f:.]+\]|[a-z0-9._-]+):[0-9]{1,5}", re.ASCII)
_SHORTEST_KEY = 16


@register()
def webhook_settings(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:  # noqa: ARG001
    """Return an error for each setting with a value that callbacks cannot work with."""
    return [*_schedule(), *_hosts(), *_key(), *_pauses()]


def _schedule() -> list[CheckMessage]:
    schedule = settings.WEBHOOK_SCHEDULE_SECONDS
    if schedule and schedule[0] >= 0 and sorted(schedule) == list(schedule):
        return []
    return [Error("The seconds of WEBHOOK_SCHEDULE_SECONDS must not decrease.", id="webhooks.E002")]


def _hosts() -> list[CheckMessage]:
    return [
        Error(
            f"WEBHOOK_ALLOWED_PRIVATE_HOSTS has {entry!r}; use host:port in lower case.",
            id="webhooks.E003",
        )
        for entry in settings.WEBHOOK_ALLOWED_PRIVATE_HOSTS
        if not _HOST_AND_PORT.fullmatch(entry)
    ]


def _key() -> list[CheckMessage]:
    if len(settings.SECRETS_KEY) >= _SHORTEST_KEY:
        return []
    return [Error(f"SECRETS_KEY must have {_SHORTEST_KEY} characters or more.", id="webhooks.E004")]


def _pauses() -> list[CheckMessage]:
    longest = settings.WEBHOOK_PAUSE_MAX_SECONDS
    return [
        Error(f"{name} must not be more than WEBHOOK_PAUSE_MAX_SECONDS ({longest}).", id="webhooks.E006")
        for name in ("WEBHOOK_THROTTLE_SECONDS", "WEBHOOK_CIRCUIT_SECONDS")
        if getattr(settings, name) > longest
    ]
