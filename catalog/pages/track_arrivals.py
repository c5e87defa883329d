"""The rows under the upload form: the state of each file, asked for until no task runs."""

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, JsonResponse
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from catalog.models import Job, Match
from catalog.presentation import wording
from catalog.presentation.relation import relation_badge, uses_badge
from catalog.selectors.arrivals import Arrival, arrivals
from catalog.services.match_words import relation_words
from staff import display
from staff.row_ids import row_id

MOST_ROWS = 200


def arrivals_view(request: HttpRequest) -> JsonResponse:
    """Return `{"rows": [{"pk", "settled", "html"}]}` for `?tracks=1,2,3`."""
    if not request.user.has_perm("catalog.view_track"):
        raise PermissionDenied
    asked = request.GET.get("tracks", "").split(",")[:MOST_ROWS]
    track_ids = [pk for part in asked if (pk := row_id(part))]
    rows = [
        {
            "pk": arrival.track.pk,
            "settled": arrival.is_settled,
            "duplicate": _is_duplicate(arrival),
            "html": words(arrival),
        }
        for arrival in arrivals(track_ids=track_ids)
    ]
    return JsonResponse({"rows": rows})


def _is_duplicate(arrival: Arrival) -> bool:
    """Tell whether the check found what the review asks about."""
    return arrival.match is not None and arrival.match.verdict == Match.Verdict.DUPLICATE


def words(arrival: Arrival) -> SafeString:
    """Return a check's verdict and whether the track is in the index, as badges and links."""
    parts = [_verdict(arrival)] if arrival.check else []
    if arrival.add:
        parts.append(_indexed(arrival.add))
    return format_html_join(" ", "{}", ((part,) for part in parts))


def _verdict(arrival: Arrival) -> SafeString:
    job, match = arrival.check, arrival.match
    if job is None or not job.has_ended:
        return display.badge("running", "autorenew", "checking")
    if job.status == Job.Status.FAILURE:
        return format_html("{} <span>{}</span>", wording.job_badge(job.status), job.error)
    if match is None:
        return display.badge("good", "check_circle", job.answer)
    if arrival.uses and match.verdict != Match.Verdict.DUPLICATE:
        page = reverse("catalog:uses_mix", args=[arrival.track.pk])
        badge = uses_badge(arrival.uses, arrival.uses)
        return format_html('{} <a class="mf-inline" href="{}">See where each plays</a>', badge, page)
    url = reverse("admin:catalog_match_change", args=[match.pk])
    return format_html(
        '{} <a class="mf-inline" href="{}">{}</a> <span class="mf-dim">{}</span>',
        relation_badge(match),
        url,
        match.reference_track.title,
        relation_words(match),
    )


def _indexed(job: Job) -> SafeString:
    if not job.has_ended:
        return display.badge("waiting", "schedule", "being added")
    if job.status == Job.Status.FAILURE:
        return format_html("{} <span>{}</span>", display.badge("bad", "error", "not added"), job.error)
    return display.badge("good", "check_circle", "in the index")
