"""The admin of this site: the theme's, whose search finds everything."""

from typing import Any

from django.http import HttpRequest
from django.template.response import TemplateResponse
from unfold.sites import UnfoldAdminSite

from staff.search.everything import FEWEST_CHARACTERS, asked_of, everything

IN_THE_PANEL, ON_THE_PAGE = 5, 20  # hits a kind


class StaffSite(UnfoldAdminSite):  # type: ignore[misc]
    """The theme's own search keeps answers for five minutes, whatever powers a person has lost meanwhile."""

    def search(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> TemplateResponse:
        """Answer with the page of what was found, or with the panel alone where the header's field asks."""
        asked, for_panel = asked_of(request), "panel" in request.GET
        context = {
            "asked": asked,
            "groups": everything(request, asked, most=IN_THE_PANEL if for_panel else ON_THE_PAGE),
            "is_too_short": len(asked) < FEWEST_CHARACTERS,
        }
        if for_panel:
            return TemplateResponse(request, "staff/search_results.html", context)
        page = {"title": "Search", **self.each_context(request), **context, **(extra_context or {})}
        return TemplateResponse(request, "staff/search.html", page)
