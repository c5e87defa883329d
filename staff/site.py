"""The site's admin: the theme's, with a search that finds everything."""

from typing import Any

from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from unfold.sites import UnfoldAdminSite

from staff.lists import acts
from staff.search.everything import FEWEST_CHARACTERS, asked_of, everything

IN_THE_PANEL, ON_THE_PAGE = 5, 20  # hits a kind


class StaffSite(UnfoldAdminSite):  # type: ignore[misc]
    """The admin. It replaces the theme's search, which keeps answers for five minutes after powers were taken away."""

    def extra_urls(self) -> list[URLPattern]:
        """Return the addresses of the lists' forms."""
        return [
            path("views/<str:table>/columns/", acts.choose_columns, name="list_columns"),
            path("views/<str:table>/save/", acts.save_view, name="view_save"),
            path("views/<int:view_id>/change/", acts.change_view, name="view_change"),
            path("views/<int:view_id>/delete/", acts.delete_view, name="view_delete"),
        ]

    def search(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> TemplateResponse:
        """Answer with the page of results, or with the panel alone if the header's field asks."""
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
