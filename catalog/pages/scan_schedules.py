"""Schedules of scans: made, changed, switched on and off, deleted."""

from typing import Any
from urllib.parse import parse_qsl

from django import forms
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget, UnfoldBooleanSwitchWidget

from catalog.models import ScanSchedule
from catalog.pages.scan import MAY_SCHEDULE
from catalog.scans.schedules import delete_schedule, save_schedule, switch_schedule
from catalog.selectors.scans import new_scan
from catalog.selectors.track_filters import asked_of
from catalog.services.errors import CatalogError
from staff import audit
from staff.access import person, staff_only


class ScheduleForm(forms.Form):
    """How often, and at what time."""

    every = forms.ChoiceField(label="Runs", choices=ScanSchedule.Every.choices, widget=UnfoldAdminSelectWidget)
    weekday = forms.TypedChoiceField(
        label="On",
        choices=ScanSchedule.Weekday.choices,
        coerce=int,
        widget=UnfoldAdminSelectWidget,
        help_text="Only for “every week”",
    )
    at = forms.TimeField(
        label="At",
        widget=UnfoldAdminTextInputWidget(attrs={"type": "time"}),
        error_messages={"invalid": "Write the time as 03:00."},
    )
    is_on = forms.BooleanField(label="Switched on", required=False, widget=UnfoldBooleanSwitchWidget)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@staff_only(*MAY_SCHEDULE)
def add(request: HttpRequest) -> HttpResponse:
    """Make a schedule of the filter in the address."""
    return _edit(request, None, request.GET.items())


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@staff_only(*MAY_SCHEDULE)
def change(request: HttpRequest, schedule_id: int) -> HttpResponse:
    """Change a schedule."""
    schedule = get_object_or_404(ScanSchedule, pk=schedule_id)
    return _edit(request, schedule, parse_qsl(schedule.asked))


@require_POST
@staff_only(*MAY_SCHEDULE)
def switch(request: HttpRequest, schedule_id: int) -> HttpResponse:
    """Switch a schedule on or off."""
    schedule = get_object_or_404(ScanSchedule, pk=schedule_id)
    is_on = request.POST.get("on") == "yes"
    audit.note(on=schedule, is_on=is_on)
    if switch_schedule(schedule=schedule, is_on=is_on):
        messages.success(request, f"The {schedule} is switched {'on' if is_on else 'off'}.")
    return _back()


@require_POST
@staff_only(*MAY_SCHEDULE)
def delete(request: HttpRequest, schedule_id: int) -> HttpResponse:
    """Delete a schedule; its scans stay."""
    schedule = get_object_or_404(ScanSchedule, pk=schedule_id)
    audit.note(on=schedule, asked=schedule.asked, words=schedule.words)
    delete_schedule(schedule=schedule)
    messages.success(request, f"The {schedule} is deleted. Scans that it started stay.")
    return _back()


def _edit(request: HttpRequest, schedule: ScanSchedule | None, filters: Any) -> HttpResponse:
    form = ScheduleForm(request.POST or None, initial=_values_of(schedule))
    try:
        asked = asked_of(filters)
        if request.method == "POST" and form.is_valid():
            row = save_schedule(schedule=schedule, asked=asked, set_by=person(request), **form.cleaned_data)
            audit.note(on=row, asked=asked, when=row.when, is_on=row.is_on)
            messages.success(request, f"Saved: {row}.")
            return _back()
    except CatalogError as error:
        messages.error(request, str(error))
        return _back()
    context = {
        "title": "Schedule of a scan",
        "form": form,
        "new": new_scan(asked),
        "schedule": schedule,
        "zone": timezone.get_current_timezone_name(),
    }
    return TemplateResponse(request, "catalog/scan_schedule.html", admin.site.each_context(request) | context)


def _values_of(schedule: ScanSchedule | None) -> dict[str, Any]:
    if schedule is None:
        return {"every": "day", "weekday": 0, "at": "03:00", "is_on": True}
    at = f"{schedule.at.hour:02}:{schedule.at.minute:02}"
    return {"every": schedule.every, "weekday": schedule.weekday, "at": at, "is_on": schedule.is_on}


def _back() -> HttpResponse:
    return HttpResponseRedirect(reverse("catalog:scan") + "#schedules")
