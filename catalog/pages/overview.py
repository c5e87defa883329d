"""The admin's first page: what needs a person, what runs, what was found."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from catalog.presentation import wording
from catalog.presentation.pair_picture import pair_picture
from catalog.selectors import overview, review
from staff.access import staff_only

BARS_WIDTH, BARS_HEIGHT = 240.0, 44.0
PICTURE_COLUMNS = 90


@dataclass(frozen=True)
class ChartBar:
    """One bar in plot units; the top of each part counts from above. `words` are its text."""

    x: float
    width: float
    good_y: float
    good: float
    failed_y: float
    failed: float
    words: str


def dashboard(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:  # noqa: ARG001  (the theme's signature)
    """Add the overview's numbers to the admin index."""
    context |= {"title": "Overview", "public_url": settings.PUBLIC_URL, "is_empty": overview.is_empty()}
    if context["is_empty"]:
        return context
    hour = overview.last_hour()
    return context | {
        "needs": overview.needs(),
        "running": overview.running(),
        "hour": hour,
        "bars": hour_bars(hour.bars),
        "chart": (BARS_WIDTH, BARS_HEIGHT),
        "matches": [(match, pair_picture(match, columns=PICTURE_COLUMNS)) for match in overview.latest_matches()],
    }


def hour_bars(bars: Sequence[overview.Bar]) -> list[ChartBar]:
    """Return the last hour as bars of a small chart: failures on top of successes, each at least one pixel."""
    highest = max((bar.count for bar in bars), default=0) or 1
    step = BARS_WIDTH / max(len(bars), 1)
    shown = []
    for number, bar in enumerate(bars):
        good = max(bar.good / highest * BARS_HEIGHT, 1.0)
        failed = max(bar.failed / highest * BARS_HEIGHT, 2.0) if bar.failed else 0.0
        good = min(good, BARS_HEIGHT - failed)
        minutes = (len(bars) - number) * 5
        words = f"{minutes} to {minutes - 5} min ago: {bar.count} ended, {bar.failed} failed"
        top = BARS_HEIGHT - good
        shown.append(ChartBar(number * step, step - 3, top, good, top - failed, failed, words))
    return shown


@require_GET
@never_cache
@staff_only()
def sidebar(request: HttpRequest) -> HttpResponse:
    """Answer with the numbers of those sidebar entries that the person may see."""
    groups = admin.site.each_context(request)["sidebar_navigation"]
    entries = [item for group in groups for item in group["items"]]
    counting = [item for item in entries if item["has_permission"] and "badge" in item]
    return TemplateResponse(request, "staff/sidebar_counts.html", {"items": counting})


def pairs_badge(request: HttpRequest) -> str:  # noqa: ARG001
    """Return how many pairs wait, for the sidebar; empty for none."""
    count = review.open_count()
    return wording.counted(count) if count else ""
