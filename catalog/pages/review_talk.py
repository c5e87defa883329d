"""Notes about a pair, giving it to somebody, and asking for a second opinion."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.views.decorators.http import require_POST

from catalog.pages.review_context import DECIDE, SEE
from catalog.pages.review_session import ReviewSitting
from catalog.selectors import review as pairs
from catalog.selectors.pair_care import reviewers
from catalog.selectors.review import Pair
from catalog.services import pair_care
from catalog.services.errors import CatalogError
from staff import audit
from staff.access import person, staff_only
from staff.row_ids import row_id


def _page(_request: HttpRequest, first: int, second: int) -> str:
    return reverse("catalog:review_pair", args=[first, second])


def _of_a_match(first: int, second: int) -> Pair:
    """Return the pair in a decision's order; 404 where no check found a match between the two."""
    pair = pairs.ordered(first, second)
    if pairs.best_match(pair) is None:
        raise Http404("No check found a match between these two tracks.")
    return pair


@require_POST
@staff_only(*SEE, *DECIDE, comes_back=_page)
def note(request: HttpRequest, first: int, second: int) -> HttpResponse:
    """Store a note."""
    pair = _of_a_match(first, second)
    try:
        written = pair_care.write_note(pair=pair, text=request.POST.get("text", ""), author=person(request))
    except CatalogError as error:
        messages.error(request, str(error))
    else:
        audit.note(on=written, pair=list(pair))
    return HttpResponseRedirect(_page(request, *pair))


@require_POST
@staff_only(*SEE, *DECIDE, comes_back=_page)
def give(request: HttpRequest, first: int, second: int) -> HttpResponse:
    """Give the pair to a reviewer to decide, or to nobody."""
    pair = _of_a_match(first, second)
    wanted = row_id(request.POST.get("to", ""))
    to = next((user for user in reviewers() if user.pk == wanted), None)
    if wanted and to is None:
        messages.error(request, "This account may not decide about duplicates.")
        return HttpResponseRedirect(_page(request, *pair))
    care = pair_care.assign(pair=pair, to=to)
    audit.note(on=care, assigned_to=to.get_username() if to else None)
    messages.success(request, f"The pair is assigned to {to.get_username() if to else 'nobody'} now.")
    _plan_anew(request)
    return HttpResponseRedirect(_page(request, *pair))


@require_POST
@staff_only(*SEE, *DECIDE, comes_back=_page)
def opinion(request: HttpRequest, first: int, second: int) -> HttpResponse:
    """Ask for a second opinion, or withdraw that."""
    pair = _of_a_match(first, second)
    asks = request.POST.get("asks") == "yes"
    care = pair_care.ask_opinion(pair=pair, by=person(request) if asks else None)
    audit.note(on=care, opinion_asked=asks)
    words = "You asked for a second opinion. The pair waits for somebody else." if asks else "No second opinion needed."
    messages.success(request, words)
    _plan_anew(request)
    return HttpResponseRedirect(_page(request, *pair))


def _plan_anew(request: HttpRequest) -> None:
    ReviewSitting(request.session).plan = []
