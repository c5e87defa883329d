"""The pages of this site about a callback's task and tracks. Another app registers them; here they are only text."""

from collections.abc import Callable
from dataclasses import dataclass

from webhooks.contract import Body, NotJsonError, parse


@dataclass(frozen=True)
class Link:
    """A page of this site that a callback is about."""

    label: str
    url: str


Finder = Callable[[Body], list[Link]]
_finders: list[Finder] = []


def register_finder(find: Finder) -> None:
    """Have `find` asked for the pages that a callback's body names; an app calls this once, in `ready`."""
    if find not in _finders:
        _finders.append(find)


def links_of(body: str) -> list[Link]:
    """Return the pages about what a callback's body names, from the registered finders."""
    try:
        told = parse(body.encode("utf-8", "replace"))[1]
    except NotJsonError:
        return []
    return [link for find in _finders for link in find(told)]
