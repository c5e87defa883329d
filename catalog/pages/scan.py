"""The duplicate scan: start it, watch it, cancel it, let it go on."""

from collections.abc import Callable

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from catalog.models import Scan
from catalog.selectors.review import open_count
from catalog.selectors.scans import scan_page
from catalog.services.errors import CatalogError
from catalog.services.tasks.scanning import cancel_scan, resume_scan, start_scan
from staff import audit
from staff.access import person, staff_only


@require_GET
@never_cache
@staff_only("catalog.view_scan")
def scan(request: HttpRequest) -> HttpResponse:
    """Show the scan that runs, or the last one, and what can be done."""
    context = admin.site.each_context(request) | {
        "title": "Duplicate scan",
        "page": scan_page(),
        "waiting_pairs": open_count(),
    }
    return TemplateResponse(request, "catalog/scan.html", context)


@require_POST
@staff_only("catalog.view_scan", "catalog.add_scan")
def start(request: HttpRequest) -> HttpResponse:
    """Begin a new scan."""

    def begin() -> bool:
        row = start_scan(started_by=person(request))
        audit.note(on=row)
        return bool(row)

    return _answer(request, begin, "The scan has started.")


@require_POST
@staff_only("catalog.view_scan", "catalog.change_scan")
def cancel(request: HttpRequest, scan_id: int) -> HttpResponse:
    """Stop a scan."""
    row = get_object_or_404(Scan, pk=scan_id)
    audit.note(on=row)
    return _answer(request, lambda: cancel_scan(scan=row), "Cancelled. Its results stay, and you can resume it later.")


@require_POST
@staff_only("catalog.view_scan", "catalog.change_scan")
def resume(request: HttpRequest, scan_id: int) -> HttpResponse:
    """Let a cancelled scan go on."""
    row = get_object_or_404(Scan, pk=scan_id)
    audit.note(on=row)
    return _answer(request, lambda: resume_scan(scan=row), "The scan has resumed.")


def _answer(request: HttpRequest, act: Callable[[], bool], words: str) -> HttpResponse:
    try:
        if act():
            messages.success(request, words)
        else:
            messages.info(request, "Nothing to do: the scan has changed in the meantime.")
    except CatalogError as error:
        messages.error(request, str(error))
    return HttpResponseRedirect(reverse("catalog:scan"))
