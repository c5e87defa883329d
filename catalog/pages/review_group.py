"""Several copies of one recording, decided on one page."""

from dataclasses import dataclass

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.html import format_html
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from catalog.models import Decision, Match, Track
from catalog.pages.review_session import ReviewSitting
from catalog.presentation.waveform import thumbnail
from catalog.selectors import review as pairs
from catalog.selectors.groups import Group, group_of
from catalog.selectors.keeper import suggest_of
from catalog.selectors.remembered import shift
from catalog.services.audio.bandwidth import request_cutoffs
from catalog.services.decisions import decide_group
from catalog.services.errors import CatalogError
from staff import audit
from staff.access import person, staff_only
from staff.row_ids import row_id

LATER = "later"
_PRESET = {Match.Relation.IDENTICAL: Decision.Verdict.SAME, Match.Relation.SAME: Decision.Verdict.SAME}
KINDS = [
    (Decision.Verdict.SAME, "the same recording"),
    (Decision.Verdict.VERSION, "another version: keep both"),
    (Decision.Verdict.DIFFERENT, "not a duplicate"),
    (LATER, "decide later"),
]
_DECIDED = {kind for kind, _ in KINDS if kind != LATER}
_SEE = ("catalog.view_match", "catalog.view_track")
_DECIDE = ("catalog.add_decision",)


@dataclass(frozen=True)
class Member:
    """One track of the group on the page: `key` makes it the one to keep, `kind` is the preset verdict."""

    track: Track
    key: str
    wave: str
    kind: str
    match: Match | None
    other: Track | None


@require_GET
@never_cache
@staff_only(*_SEE)
def group(request: HttpRequest, track_id: int) -> HttpResponse:
    """Show all copies that waiting pairs join to a track."""
    found = group_of(track_id)
    if not found.tracks:
        return _nothing_waits(request)
    request_cutoffs(audio_files=[track.audio_file for track in found.tracks if track.audio_file])
    keeper, reasons = suggest_of(found)
    context = admin.site.each_context(request) | {
        "title": "Duplicate review",
        "group": found,
        "members": _members(found),
        "keeper": keeper,
        "reasons": reasons,
        "kinds": KINDS,
        "left": pairs.open_count(),
        "track_id": track_id,
        "can_decide": request.user.has_perms(_DECIDE),
        "last_decision": pairs.last_decision_of(person(request).pk),
    }
    return TemplateResponse(request, "catalog/review_group.html", context)


def _nothing_waits(request: HttpRequest) -> HttpResponse:
    messages.info(request, "No undecided pairs are left for this recording.")
    return HttpResponseRedirect(reverse("catalog:review"))


def _members(found: Group) -> list[Member]:
    by_id = {track.pk: track for track in found.tracks}
    members = []
    for number, track in enumerate(found.tracks, 1):
        match = found.direct(track)
        other = None
        if match:
            other = by_id[match.reference_track_id if match.query_track_id == track.pk else match.query_track_id]
        wave = thumbnail(track.audio_file, columns=160)
        key = str(number) if number < 10 else ""
        members.append(Member(track, key, wave, _preset(track, found), match, other))
    return members


def _preset(track: Track, found: Group) -> str:
    """Return what a track is said to be to the one that is kept: the same recording where a match says so itself."""
    match = found.direct(track)
    return _PRESET.get(Match.Relation(match.relation), LATER) if match else LATER


@require_POST
@staff_only(*_SEE, *_DECIDE)
def decide(request: HttpRequest, track_id: int) -> HttpResponse:
    """Store the decisions about the copies that the page showed, and go on to the next pair."""
    found = group_of(track_id)
    if not found.tracks:
        return _nothing_waits(request)
    by_id = {track.pk: track for track in found.tracks}
    here = HttpResponseRedirect(reverse("catalog:review_group", args=[track_id]))
    keeper = by_id.get(row_id(request.POST.get("keeper", "")))
    if keeper is None:
        messages.error(request, "Choose which track to keep.")
        return here
    said = {pk: request.POST.get(f"kind-{pk}", LATER) for pk in by_id if pk != keeper.pk}
    kinds = {pk: kind for pk, kind in said.items() if kind in _DECIDED}
    try:
        decisions = decide_group(kinds=kinds, keeper=keeper, pairs=found.matches, decided_by=person(request))
    except CatalogError as error:
        messages.error(request, str(error))
        return here
    if not decisions:
        messages.info(request, "You decided about none of the tracks. Nothing was stored.")
        return here
    audit.note(on=keeper, decisions=[decision.pk for decision in decisions], verdicts=kinds)
    ReviewSitting(request.session).count(+len(decisions))
    shift(pairs.COUNTED, -len(decisions))
    _tell(request, keeper, [by_id[pk] for pk, kind in kinds.items() if kind == Decision.Verdict.SAME], decisions)
    return HttpResponseRedirect(reverse("catalog:review"))


def _tell(request: HttpRequest, keeper: Track, copies: list[Track], decisions: list[Decision]) -> None:
    count = len(decisions)
    words = f"{count} pair{'s' * (count != 1)} decided together, keep “{keeper.title}”."
    if not copies:
        messages.success(request, words)
        return
    ids = ",".join(str(track.pk) for track in copies)
    address = f"{reverse('admin:catalog_track_changelist')}?pk__in={ids}"
    messages.success(
        request,
        format_html(
            '{} Nothing was removed. <a class="mf-inline" href="{}">See the other {}</a>',
            words,
            address,
            f"{len(copies)} copies" if len(copies) > 1 else "copy",
        ),
    )
