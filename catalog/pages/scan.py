"""The pages of scans: the list of them, one with its results, and a new one; stopping and resuming."""

from collections.abc import Callable
from urllib.parse import parse_qsl

from django.contrib import admin, messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from catalog.models import Scan
from catalog.scans.starting import cancel_scan, resume_scan, start_scan
from catalog.selectors import scans
from catalog.selectors.review import open_count
from catalog.selectors.track_filters import UnknownFilterError, asked_of
from catalog.services.errors import CatalogError
from staff import audit
from staff.access import person, staff_only
from staff.row_ids import row_id

SEE, START, CHANGE = "catalog.view_scan", "catalog.add_scan", "catalog.change_scan"
MAY_SCHEDULE = (SEE, START, CHANGE)


@require_GET
@never_cache
@staff_only(SEE)
def scan(request: HttpRequest) -> HttpResponse:
    """List all scans and schedules, and offer a new scan."""
    context = {
        "title": "Duplicate scans",
        "page": scans.scan_list(older=row_id(request.GET.get("older", ""))),
        "is_first": not request.GET.get("older"),
        "waiting_pairs": open_count(),
        "can_schedule": request.user.has_perms(MAY_SCHEDULE),
    }
    return TemplateResponse(request, "catalog/scan.html", admin.site.each_context(request) | context)


@require_GET
@never_cache
@staff_only(SEE)
def one(request: HttpRequest, scan_id: int) -> HttpResponse:
    """Show one scan: how far it is, what failed, and what it found."""
    page = scans.scan_results(scan_id, after=row_id(request.GET.get("after", "")))
    if page is None:
        raise Http404("There is no such scan.")
    context = {"title": "Duplicate scan", "page": page, "most_waiting": scans.COUNTED_WAITING}
    return TemplateResponse(request, "catalog/scan_one.html", admin.site.each_context(request) | context)


@require_GET
@never_cache
@staff_only(SEE, START)
def new(request: HttpRequest) -> HttpResponse:
    """Show how many tracks a filter of the track list selects, before a scan of them starts."""
    try:
        asked = asked_of(request.GET.items())
    except UnknownFilterError as error:
        messages.error(request, str(error))
        return HttpResponseRedirect(reverse("admin:catalog_track_changelist"))
    context = {
        "title": "Scan tracks for duplicates",
        "new": scans.new_scan(asked),
        "can_schedule": request.user.has_perms(MAY_SCHEDULE),
    }
    return TemplateResponse(request, "catalog/scan_new.html", admin.site.each_context(request) | context)


@require_POST
@staff_only(SEE, START)
def start(request: HttpRequest) -> HttpResponse:
    """Start a scan of all tracks, or of those that the form's filter selects now."""
    try:
        row = start_scan(started_by=person(request), asked=asked_of(parse_qsl(request.POST.get("asked", ""))))
    except CatalogError as error:
        messages.error(request, str(error))
        return HttpResponseRedirect(reverse("catalog:scan"))
    audit.note(on=row, asked=row.asked, tracks=row.total)
    messages.success(request, "The scan has started.")
    return _page_of(row)


@require_POST
@staff_only(SEE, CHANGE)
def cancel(request: HttpRequest, scan_id: int) -> HttpResponse:
    """Stop a scan."""
    return _change(request, scan_id, cancel_scan, "Stopped. Its results stay, and you can resume it later.")


@require_POST
@staff_only(SEE, CHANGE)
def resume(request: HttpRequest, scan_id: int) -> HttpResponse:
    """Resume a stopped scan."""
    return _change(request, scan_id, resume_scan, "The scan has resumed.")


def _change(request: HttpRequest, scan_id: int, act: Callable[..., bool], words: str) -> HttpResponse:
    row = get_object_or_404(Scan.objects.without_tracks(), pk=scan_id)
    audit.note(on=row)
    try:
        if act(scan=Scan.objects.get(pk=scan_id)):
            messages.success(request, words)
        else:
            messages.info(request, "Nothing to do: the scan has changed in the meantime.")
    except CatalogError as error:
        messages.error(request, str(error))
    return _page_of(row)


def _page_of(row: Scan) -> HttpResponse:
    return HttpResponseRedirect(reverse("catalog:scan_one", args=[row.pk]))
