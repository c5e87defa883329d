"""Copies to remove: tracks that somebody decided not to keep, removed together after a preview."""

from typing import Any

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from catalog.models import BulkWork
from catalog.selectors.copies_to_remove import COPIES_A_PAGE, copies_to_remove, ids_to_remove
from catalog.services.errors import CatalogError
from catalog.services.tracks import bulk_work
from catalog.services.tracks.merging import gain_of
from staff import audit
from staff.access import person, staff_only
from staff.row_ids import page_number, row_id

SEE = ("catalog.view_track", "catalog.view_decision")
ACT = ("catalog.delete_track", "catalog.change_track")
SHOWN = 50  # of a preview


@require_GET
@never_cache
@staff_only(*SEE)
def waiting(request: HttpRequest) -> HttpResponse:
    """List the tracks that a decision does not keep and that are still in the catalog."""
    page = page_number(request.GET.get("page", ""))
    first = (page - 1) * COPIES_A_PAGE
    ids = list(ids_to_remove()[first : first + COPIES_A_PAGE + 1])
    context = {
        "title": "Copies to remove",
        "copies": copies_to_remove(ids[:COPIES_A_PAGE]),
        "count": ids_to_remove().count(),
        "before": page - 1,
        "after": page + 1 if len(ids) > COPIES_A_PAGE else 0,
        "can_act": request.user.has_perms(ACT),
    }
    return TemplateResponse(request, "catalog/copies_to_remove.html", _frame(request, context))


@require_POST
@staff_only(*SEE, *ACT)
def remove(request: HttpRequest) -> HttpResponse:
    """Show what removing the chosen copies would do; once the person agreed, begin it."""
    chosen = {row_id(value) for value in request.POST.getlist("track")}
    every = request.POST.get("which") == "all"
    ids = [pk for pk in ids_to_remove()[: bulk_work.MOST_TRACKS + 1] if every or pk in chosen]
    if not ids:
        messages.error(request, "Choose at least one track that waits to be removed.")
        return HttpResponseRedirect(reverse("catalog:copies_to_remove"))
    if request.POST.get("sure"):
        return _begin(request, ids)
    rows = copies_to_remove(ids[:SHOWN])
    shown = [(row, gain_of(keeper=row.keeper, copy=row.track) if row.keeper else None) for row in rows]
    context = {"title": "Remove copies", "rows": shown, "count": len(ids), "more": len(ids) - len(rows)}
    return TemplateResponse(
        request, "catalog/copies_remove.html", _frame(request, context | {"ids": ids, "every": every})
    )


def _begin(request: HttpRequest, ids: list[int]) -> HttpResponse:
    try:
        work = bulk_work.begin(kind=BulkWork.Kind.MERGE, track_ids=ids, asked_by=person(request))
    except CatalogError as error:
        messages.error(request, str(error))
        return HttpResponseRedirect(reverse("catalog:copies_to_remove"))
    audit.note(on=work, tracks=work.total)
    return HttpResponseRedirect(reverse("admin:catalog_bulkwork_change", args=[work.pk]))


def _frame(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    return admin.site.each_context(request) | context
