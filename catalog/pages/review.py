"""The duplicate review: one pair at a time, a key for each decision, and an undo for each."""

from urllib.parse import urlencode

from django.contrib import admin, messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.html import format_html
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from catalog.models import Decision, Track
from catalog.pages.review_answers import go_on
from catalog.pages.review_bulk import list_address
from catalog.pages.review_context import DECIDE, SEE, coming, counts_of, pair_context, pairs_named
from catalog.pages.review_session import ReviewSitting
from catalog.presentation.wording import pair_words
from catalog.selectors import review as pairs
from catalog.selectors.remembered import shift
from catalog.selectors.review import Pair
from catalog.selectors.review_plan import plan_of_scan
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


@require_GET
@never_cache
@staff_only(*SEE)
def queue(request: HttpRequest) -> HttpResponse:
    """Show the first pair that waits, or say that none does; `?scan=7` takes the pairs of that scan first."""
    sitting = ReviewSitting(request.session)
    if scan := row_id(request.GET.get("scan", "")):
        sitting.plan = plan_of_scan(scan)
        if not sitting.plan:
            messages.info(request, "No pair of this scan is waiting any more.")
        return HttpResponseRedirect(reverse("catalog:review"))
    waiting = coming(sitting, user_id=person(request).pk)
    if not waiting:
        return TemplateResponse(request, "catalog/review_empty.html", _frame(request, sitting))
    context = _frame(request, sitting) | pair_context(request, waiting[0]) | {"flows": True}
    return TemplateResponse(request, "catalog/review.html", context)


@require_GET
@never_cache
@staff_only(*SEE)
def next_pair(request: HttpRequest) -> HttpResponse:
    """Answer with the next pair, without those that the page has (`?not=3-17,4-9`); empty if none waits."""
    sitting = ReviewSitting(request.session)
    waiting = coming(sitting, user_id=person(request).pk, besides=pairs_named(request.GET.get("not", "")))
    if not waiting:
        return HttpResponse()
    return TemplateResponse(request, "catalog/review_pair.html", pair_context(request, waiting[0]))


@require_GET
@never_cache
@staff_only(*SEE)
def previous_pair(request: HttpRequest) -> HttpResponse:
    """Go to the pair that was decided or put aside before the one that the page shows (`?of=3-17`)."""
    shown = next(iter(pairs_named(request.GET.get("of", ""))), None)
    before = ReviewSitting(request.session).before(shown)
    if before is None:
        messages.info(request, "This is the first pair of this session.")
        return HttpResponseRedirect(reverse("catalog:review"))
    return HttpResponseRedirect(reverse("catalog:review_pair", args=before))


@require_GET
@never_cache
@staff_only(*SEE)
def pair(request: HttpRequest, first: int, second: int) -> HttpResponse:
    """Show one pair, decided or not; `?choice=` is a decision that was not stored, to be confirmed."""
    sitting = ReviewSitting(request.session)
    context = _frame(request, sitting) | pair_context(request, pairs.ordered(first, second))
    return TemplateResponse(request, "catalog/review.html", context)


def _frame(request: HttpRequest, sitting: ReviewSitting) -> dict[str, object]:
    return admin.site.each_context(request) | {"title": "Duplicate review"} | counts_of(sitting)


def _unconfirmed(request: HttpRequest, first: int, second: int) -> str:
    """Return the page of a pair with the decision that was sent, to be confirmed there."""
    sent = {name: request.POST[name] for name in ("choice", "replaces") if name in request.POST}
    return f"{reverse('catalog:review_pair', args=[first, second])}?{urlencode(sent)}"


@require_POST
@staff_only(*SEE, *DECIDE, comes_back=_unconfirmed)
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
        sitting.decided(shown)
        if request.session.get("review_last") != decision.pk:  # a double click counts once
            sitting.count(+1)
            shift(pairs.COUNTED, -1)
        request.session["review_last"] = decision.pk
        _tell(request, decision, a, b)
    return go_on(request)


def _tell(request: HttpRequest, decision: Decision, a: Track, b: Track) -> None:
    page = reverse("catalog:review_pair", args=[decision.first_track_id, decision.second_track_id])
    words = pair_words(decision)
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
            decision.author,
            display.moment(decision.decided_at),
            decision.words,
            reverse("catalog:review_pair", args=shown),
        ),
    )


@require_POST
@staff_only(*SEE)
def skip_pair(request: HttpRequest, first: int, second: int) -> HttpResponse:
    """Put a pair aside for this session."""
    ReviewSitting(request.session).skip(pairs.ordered(first, second))
    return go_on(request)


@require_POST
@staff_only(*SEE)
def bring_back(request: HttpRequest) -> HttpResponse:
    """Bring back the pairs that were put aside."""
    ReviewSitting(request.session).bring_back()
    return HttpResponseRedirect(reverse("catalog:review"))


@require_POST
@staff_only(*SEE, *DECIDE)
def undo_decision(request: HttpRequest, decision_id: int) -> HttpResponse:
    """Undo a decision and show its pair again: one's own, or another person's with the permission to change it."""
    decision = get_object_or_404(Decision, pk=decision_id)
    is_own = decision.decided_by_id == request.user.pk
    audit.note(on=decision, decided_by=decision.author)
    if not (is_own or request.user.has_perm("catalog.change_decision")):
        messages.error(request, "Somebody else made this decision. You may not undo it.")
    elif count := undo(decision=decision):
        ReviewSitting(request.session).count(-count)
        shift(pairs.COUNTED, count)
        request.session.pop("review_last", None)
        what = decision.words if count == 1 else f"{count} decisions made together"
        messages.success(request, f"Undone: {what}. You can decide again.")
    else:
        messages.info(request, "That decision was already undone.")
    if request.POST.get("back") == "list":
        return HttpResponseRedirect(list_address())
    if decision.batch:
        together = Decision.objects.filter(batch=decision.batch)
        kept = together.filter(keeper__isnull=False).values_list("keeper_id", flat=True).first()
        return go_on(request, reverse("catalog:review_group", args=[kept or decision.first_track_id]))
    return go_on(request, reverse("catalog:review_pair", args=[decision.first_track_id, decision.second_track_id]))
