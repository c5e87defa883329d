"""The system check of how long entries are kept."""

from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, register

LEAST_DAYS, MOST_DAYS = 30, 36_500


@register()
def retention_makes_sense(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:  # noqa: ARG001
    """A trail that is gone within the month tells nobody anything."""
    if LEAST_DAYS <= settings.AUDIT_RETENTION_DAYS <= MOST_DAYS:
        return []
    message = f"AUDIT_RETENTION_DAYS must be from {LEAST_DAYS} to {MOST_DAYS}."
    return [Error(message, hint="See docs/settings.md.", id="staff.E001")]
