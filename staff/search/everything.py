"""All registered kinds, and the search that asks each of them."""

from django.http import HttpRequest

from staff.search.kinds import Found, Kind, Page, PagesKind

FEWEST_CHARACTERS = 2
MOST_CHARACTERS = 200
_pages = PagesKind()
_kinds: list[Kind] = [_pages]


def register(*found_here: Kind | Page) -> None:
    """Register kinds and pages that the search finds."""
    _pages.pages.extend(one for one in found_here if isinstance(one, Page))
    _kinds.extend(one for one in found_here if not isinstance(one, Page))
    _kinds.sort(key=lambda kind: kind.order)


def asked_of(request: HttpRequest) -> str:
    """Return what a request searches for, without NULs, which PostgreSQL refuses."""
    return request.GET.get("q", "").replace("\0", "").strip()[:MOST_CHARACTERS]


def everything(request: HttpRequest, asked: str, *, most: int) -> list[Found]:
    """Return what each kind finds, at most `most` hits each; nothing for fewer than two characters."""
    if len(asked) < FEWEST_CHARACTERS:
        return []
    return [found for kind in _kinds if (found := kind.found(request, asked, most))]
