"""What fails in tests, and waits that are over."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.utils import timezone

from catalog.models import BulkWork, Scan

OVER = timedelta(seconds=1)


def failing(error: BaseException) -> Callable[..., Any]:
    """Return something that only raises."""

    def fail(*args: object, **values: object) -> None:
        raise error

    return fail


def let_waits_end() -> None:
    """Move every wait of a bulk action and a scan into the past."""
    for model in (BulkWork, Scan):
        model.objects.filter(lease_until__isnull=False).update(lease_until=timezone.now() - OVER)
