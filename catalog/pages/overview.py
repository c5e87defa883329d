"""The admin's first page: what needs a person, what runs, what was found."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest

from catalog.pages.waveform import thumbnail
from catalog.selectors import overview, review


def dashboard(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:  # noqa: ARG001  (the theme's signature)
    """Add the overview's numbers to the admin index."""
    context |= {"title": "Overview", "public_url": settings.PUBLIC_URL, "is_empty": overview.is_empty()}
    if context["is_empty"]:
        return context
    hour = overview.last_hour()
    highest = max(hour.bars, default=0) or 1
    return context | {
        "needs": overview.needs(),
        "running": overview.running(),
        "hour": hour,
        "bars": [(count, round(count / highest * 100)) for count in hour.bars],
        "matches": [
            (match, thumbnail(match.query_track.audio_file), thumbnail(match.reference_track.audio_file))
            for match in overview.latest_matches()
        ],
    }


def pairs_badge(request: HttpRequest) -> str:  # noqa: ARG001
    """Return how many pairs wait, for the sidebar; nothing where none does."""
    count = review.open_count()
    if count >= review.COUNT_LIMIT:
        return f"{count:,}+"
    return str(count) if count else ""
