"""Callback URLs over time: all of them on a page, and one on its own page."""

from dataclasses import dataclass
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone
from unfold.admin import ModelAdmin

from staff.row_ids import page_number
from webhooks.models import Endpoint
from webhooks.over_time import PERIODS, URLS_A_PAGE, OverTime, Period, failures_by_cause, over_time, period_of
from webhooks.over_time_picture import Picture, picture_of


@dataclass(frozen=True)
class Shown:
    """One URL in a period, with its picture."""

    one: OverTime
    picture: Picture


def history_of(request: HttpRequest, endpoint: Endpoint) -> dict[str, Any]:
    """Return what the panels of one URL's page show."""
    period = period_of(request.GET.get("days"))
    (shown,) = _shown([endpoint], period)
    return {
        "shown": shown,
        "period": period,
        "periods": PERIODS,
        "groups": failures_by_cause(endpoint_pk=endpoint.pk),
    }


def _shown(endpoints: list[Endpoint], period: Period) -> list[Shown]:
    return [Shown(one, picture_of(one)) for one in over_time(endpoints, period=period, now=timezone.now())]


class EndpointHistory(ModelAdmin):  # type: ignore[misc]
    """The page of all URLs; those that failed last come first."""

    def get_urls(self) -> list[URLPattern]:
        """Add the page."""
        view = self.admin_site.admin_view(self.over_time_view)
        return [path("over-time/", view, name="webhooks_endpoint_over_time"), *super().get_urls()]

    def over_time_view(self, request: HttpRequest) -> HttpResponse:
        """Show how callback URLs did over time, and what failed by cause."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        page = page_number(request.GET.get("page", ""))
        start = (page - 1) * URLS_A_PAGE
        found = list(Endpoint.objects.in_trouble_first()[start : start + URLS_A_PAGE + 1])
        period = period_of(request.GET.get("days"))
        context = {
            "title": "Callback health",
            "period": period,
            "periods": PERIODS,
            "urls": _shown(found[:URLS_A_PAGE], period),
            "groups": failures_by_cause() if page == 1 else [],
            "before": page - 1,
            "after": page + 1 if len(found) > URLS_A_PAGE else 0,
        }
        return TemplateResponse(request, "webhooks/over_time.html", self.admin_site.each_context(request) | context)
