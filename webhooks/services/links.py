"""Where a callback's task and tracks are on this site. Whoever runs tasks says so; here they are only text."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.utils.module_loading import import_string

from webhooks.contract import NotJsonError, parse


@dataclass(frozen=True)
class Link:
    """A page of this site that a callback is about."""

    label: str
    url: str


def links_of(body: str) -> list[Link]:
    """Return the pages about what a callback's body names, as the function in `WEBHOOK_LINKS` knows them."""
    try:
        told = parse(body.encode("utf-8", "replace"))[1]
    except NotJsonError:
        return []
    find: Callable[[dict[str, Any]], list[Link]] = import_string(settings.WEBHOOK_LINKS)
    return find(told)
