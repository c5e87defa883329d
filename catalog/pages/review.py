"""Duplicate review: one pair at a time, a key for each decision, everything can be taken back."""

from django.contrib import admin, messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.html import format_html
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from catalog.models import Decision, Track
from catalog.pages.review_session import ReviewSitting
from catalog.presentation.comparison import comparison_of
from catalog.selectors import review as pairs
from catalog.selectors.groups import larger_group_ids
from catalog.selectors.review import Pair
from catalog.services.audio.playback import request_peaks
from catalog.services.decisions import AlreadyDecidedError, decide, undo
from catalog.services.errors import CatalogError
from staff import audit, display
from staff.access import person, staff_only
from staff.row_ids import row_id

# form value -> (verdict, which side is kept, or uses the other)
CHOICES: dict[str, tuple[str, str | None]] = {
    "keep_a": (Decision.Verdict.SAME, "a"),
    "keep_b": (Decision.Verdict.SAME, "b"),
    "used_a": (Decision.Verdict.USES, "b"),
    "used_b": (Decision.Verdict.USES, "a"),
    "version": (Decision.Verdict.VERSION, None),
    "different": (Decision.Verdict.DIFFERENT, None),
}
_SEE = ("catalog.view_match", "catalog.view_track")
_DECIDE = ("catalog.add_decision",)


@require_GET
@never_cache
@staff_only(*_SEE)
def queue(request: HttpRequest) -> HttpResponse:
    """Show the oldest pair that waits, or say that nothing does."""
    sitting = ReviewSitting(request.session)
    waiting = pairs.next_pairs(skipped=sitting.skipped, limit=2)
    if not waiting:
        context = _frame(request, sitting) | {"skipped": len(sitting.skipped)}
        return TemplateResponse(request, "catalog/review_empty.html", context)
    return _page(request, waiting[0], sitting, following=waiting[1] if len(waiting) > 1 else None)


@require_GET
@never_cache
@staff_only(*_SEE)
def pair(request: HttpRequest, first: int, second: int) -> HttpResponse:
    """Show one pair, decided or not."""
    return _page(request, pairs.ordered(first, second), ReviewSitting(request.session), following=None)


def _page(request: HttpRequest, shown: Pair, sitting: ReviewSitting, following: Pair | None) -> HttpResponse:
    match = pairs.best_match(shown)
    if match is None:
        raise Http404("No check found a match between these two tracks.")
    _draw_ahead([shown, following] if following else [shown])
    comparison = comparison_of(pairs.on_review(match))
    context = _frame(request, sitting) | {
        "comparison": comparison,
        "pair": shown,
        "group": larger_group_ids(comparison.a.pk, comparison.b.pk) if not comparison.decision else [],
        "can_decide": request.user.has_perms(_DECIDE) and not comparison.removed,
        "can_undo": request.user.has_perms(_DECIDE),
        "last_decision": pairs.last_decision_of(person(request).pk),
    }
    return TemplateResponse(request, "catalog/review.html", context)


def _frame(request: HttpRequest, sitting: ReviewSitting) -> dict[str, object]:
    left = pairs.open_count()
    return admin.site.each_context(request) | {
        "title": "Duplicate review",
        "left": left,
        "number": sitting.done + 1,
        "total": sitting.done + left,
        "done": sitting.done,
        "skipped": len(sitting.skipped),
    }


def _draw_ahead(wanted: list[Pair]) -> None:
    """Have the waveforms of these pairs drawn, so that the next page does not wait for them."""
    ids = {track_id for both in wanted for track_id in both}
    files = Track.objects.filter(pk__in=ids, audio_file__peaks=None, audio_file__isnull=False)
    for track in files.select_related("audio_file"):
        if track.audio_file:
            request_peaks(audio_file=track.audio_file)


@require_POST
@staff_only(*_SEE, *_DECIDE)
def decide_pair(request: HttpRequest, first: int, second: int) -> HttpResponse:
    """Store a decision and go on to the next pair."""
    shown = pairs.ordered(first, second)
    match = pairs.best_match(shown)
    choice = CHOICES.get(request.POST.get("choice", ""))
    if match is None or choice is None:
        raise Http404("There is no such pair or decision.")
    verdict, side = choice
    a, b = match.query_track, match.reference_track
    named = {"a": a, "b": b, None: None}[side]
    keeper = named if verdict == Decision.Verdict.SAME else None
    try:
        decision = decide(
            one=a,
            other=b,
            verdict=verdict,
            keeper=keeper,
            container=named if verdict == Decision.Verdict.USES else None,
            decided_by=person(request),
            replaces=row_id(request.POST.get("replaces", "")) or None,
        )
    except AlreadyDecidedError as error:
        _tell_other(request, error.decision, shown)
    except CatalogError as error:
        messages.error(request, str(error))
    else:
        audit.note(on=decision, pair=[a.title, b.title], verdict=verdict, keep=keeper.title if keeper else None)
        sitting = ReviewSitting(request.session)
        sitting.forget(shown)
        if request.session.get("review_last") != decision.pk:  # a double click counts once
            sitting.count(+1)
        request.session["review_last"] = decision.pk
        _tell(request, decision, a, b)
    return HttpResponseRedirect(reverse("catalog:review"))


def _tell(request: HttpRequest, decision: Decision, a: Track, b: Track) -> None:
    page = reverse("catalog:review_pair", args=[decision.first_track_id, decision.second_track_id])
    words = f"“{a.title}” and “{b.title}”: {decision.words}"
    if decision.keeper_id is None:
        messages.success(request, format_html('{}. <a class="mf-inline" href="{}">Look again</a>', words, page))
        return
    kept, other, side = (a, b, "A") if decision.keeper_id == a.pk else (b, a, "B")
    remove = reverse("admin:catalog_track_remove", args=[other.pk])
    messages.success(
        request,
        format_html(
            '{}, keep {} (“{}”). Nothing was removed. <a class="mf-inline" href="{}">Remove the other…</a>'
            ' <a class="mf-inline" href="{}">Look again</a>',
            words,
            side,
            kept.title,
            remove,
            page,
        ),
    )


def _tell_other(request: HttpRequest, decision: Decision, shown: Pair) -> None:
    messages.warning(
        request,
        format_html(
            "Your decision was not stored: {} decided about this pair {}: {}."
            ' <a class="mf-inline" href="{}">Look at it</a>',
            decision.decided_by.get_username(),
            display.moment(decision.decided_at),
            decision.words,
            reverse("catalog:review_pair", args=shown),
        ),
    )


@require_POST
@staff_only(*_SEE)
def skip_pair(request: HttpRequest, first: int, second: int) -> HttpResponse:
    """Put a pair aside for this sitting."""
    ReviewSitting(request.session).skip(pairs.ordered(first, second))
    return HttpResponseRedirect(reverse("catalog:review"))


@require_POST
@staff_only(*_SEE)
def bring_back(request: HttpRequest) -> HttpResponse:
    """Take up again what was put aside."""
    ReviewSitting(request.session).bring_back()
    return HttpResponseRedirect(reverse("catalog:review"))


@require_POST
@staff_only(*_SEE, *_DECIDE)
def undo_decision(request: HttpRequest, decision_id: int) -> HttpResponse:
    """Take a decision back and show its pair again: one's own, or another's with the permission to change it."""
    decision = get_object_or_404(Decision, pk=decision_id)
    is_own = decision.decided_by_id == request.user.pk
    audit.note(on=decision, decided_by=decision.decided_by.get_username())
    if not (is_own or request.user.has_perm("catalog.change_decision")):
        messages.error(request, "Somebody else made this decision. You may not undo it.")
    elif count := undo(decision=decision):
        ReviewSitting(request.session).count(-count)
        request.session.pop("review_last", None)
        what = decision.words if count == 1 else f"{count} decisions made together"
        messages.success(request, f"Undone: {what}. You can decide again.")
    else:
        messages.info(request, "That decision was already undone.")
    if decision.batch:
        keepers = Decision.objects.filter(batch=decision.batch, keeper__isnull=False).values_list(
            "keeper_id", flat=True
        )
        return HttpResponseRedirect(reverse("catalog:review_group", args=[keepers.first() or decision.first_track_id]))
    return HttpResponseRedirect(
        reverse("catalog:review_pair", args=[decision.first_track_id, decision.second_track_id])
    )
