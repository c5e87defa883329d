"""What mixes use: the queue of mixes, one mix with its timeline, decisions about its recordings, its track list."""

from typing import Any

from django.contrib import admin, messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.http import content_disposition_header
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from catalog.models import Decision, Track
from catalog.pages.review_context import DECIDE, SEE
from catalog.presentation.timeline import timeline_of
from catalog.presentation.track_list import entry_of
from catalog.selectors import uses as selected
from catalog.services.decisions import undo
from catalog.services.errors import CatalogError
from catalog.services.tracks import tracklists
from catalog.services.uses import decide_uses
from staff import audit, display
from staff.access import person, staff_only
from staff.row_ids import page_number, row_id

CHOICES = {"used": Decision.Verdict.USES, "different": Decision.Verdict.DIFFERENT}
_TYPES = {"csv": "text/csv; charset=utf-8", "cue": "application/x-cue; charset=utf-8"}


@require_GET
@never_cache
@staff_only(*SEE)
def queue(request: HttpRequest) -> HttpResponse:
    """List the mixes with undecided uses."""
    page = page_number(request.GET.get("page", ""))
    mixes = selected.open_mixes(page=page)
    context = {
        "title": "Uses",
        "mixes": mixes[: selected.MIXES_A_PAGE],
        "count": selected.open_mix_count(),
        "before": page - 1,
        "after": page + 1 if len(mixes) > selected.MIXES_A_PAGE else 0,
    }
    return TemplateResponse(request, "catalog/uses.html", admin.site.each_context(request) | context)


@require_GET
@never_cache
@staff_only(*SEE)
def mix(request: HttpRequest, track_id: int) -> HttpResponse:
    """Show where each recording plays in a mix."""
    track = _track(track_id)
    uses = selected.uses_of(track)
    context: dict[str, Any] = {
        "title": "Uses",
        "track": track,
        "uses": uses,
        "recordings": sum(not use.is_copy for use in uses),
        "waiting": sum(use.decision is None for use in uses),
        "timeline": timeline_of(uses, length_s=track.length_s or 0.0),
        "can_decide": request.user.has_perms(DECIDE),
        "last": selected.last_batch(track, person(request).pk),
    }
    return TemplateResponse(request, "catalog/uses_mix.html", admin.site.each_context(request) | context)


@require_POST
@staff_only(*SEE, *DECIDE)
def decide(request: HttpRequest, track_id: int) -> HttpResponse:
    """Store, for the chosen recordings or for all that wait, that the mix uses them, or that it does not."""
    track = _track(track_id)
    choice, _, which = request.POST.get("choice", "").partition("-")
    if choice not in CHOICES:
        raise Http404("There is no such decision.")
    waiting = [use.part for use in selected.uses_of(track) if use.decision is None]
    chosen = {row_id(value) for value in request.POST.getlist("part")}
    parts = waiting if which == "all" else [part for part in waiting if part.pk in chosen]
    try:
        made = decide_uses(container=track, parts=parts, verdict=CHOICES[choice], decided_by=person(request))
    except CatalogError as error:
        messages.error(request, str(error))
    else:
        audit.note(on=track, verdict=CHOICES[choice], recordings=len(made))
        what = "used in" if choice == "used" else "not in"
        messages.success(request, f"{display.counted(len(made), 'recording')} decided: {what} “{track.title}”.")
    return _back_to(track_id)


@require_POST
@staff_only(*SEE, *DECIDE)
def undo_uses(request: HttpRequest, track_id: int, decision_id: int) -> HttpResponse:
    """Undo decisions about a mix that were made together: one's own, or with the permission to change them."""
    track = _track(track_id)
    decision = get_object_or_404(Decision, pk=decision_id)
    if track.pk not in (decision.first_track_id, decision.second_track_id):
        raise Http404("This decision is not about this track.")
    audit.note(on=track, decision=decision.pk)
    if not (decision.decided_by_id == person(request).pk or request.user.has_perm("catalog.change_decision")):
        messages.error(request, "Somebody else made this decision. You may not undo it.")
    elif count := undo(decision=decision):
        messages.success(request, f"Undone: {display.counted(count, 'decision')}. You can decide again.")
    else:
        messages.info(request, "That decision was already undone.")
    return _back_to(track_id)


@require_GET
@staff_only(*SEE)
def export(request: HttpRequest, track_id: int, kind: str) -> HttpResponse:  # noqa: ARG001
    """Answer with the track list of a mix as CSV or as a cue sheet, without what was decided not to be in it."""
    if kind not in _TYPES:
        raise Http404("A track list is written as csv or cue.")
    track = _track(track_id)
    audit.note(on=track)
    listed = [entry_of(use) for use in selected.uses_of(track) if not _is_refused(use.decision)]
    text = tracklists.as_csv(listed) if kind == "csv" else tracklists.as_cue(listed, track.file_name or track.title)
    name = f"{track.title[:100]}.{kind}"
    headers = {"Content-Disposition": content_disposition_header(as_attachment=True, filename=name)}
    # The mark in front tells spreadsheets that the table is UTF-8; players of cue sheets trip over it.
    mark = "\ufeff" if kind == "csv" else ""
    return HttpResponse(mark + text, content_type=_TYPES[kind], headers={**headers, "Cache-Control": "no-store"})


def _is_refused(decision: Decision | None) -> bool:
    return decision is not None and decision.verdict == Decision.Verdict.DIFFERENT


def _track(track_id: int) -> Track:
    return get_object_or_404(Track.objects.with_source(), pk=track_id)


def _back_to(track_id: int) -> HttpResponse:
    return HttpResponseRedirect(reverse("catalog:uses_mix", args=[track_id]))
