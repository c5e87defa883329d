"""What follows a decision: the next page or, for the page's script, what was decided, what is left and the next pair.

The script has some pairs loaded already (`not`), so that the next one shows at once; each answer brings one more.
"""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.html import conditional_escape

from catalog.pages.review_context import coming, counts_of, pair_context, pairs_named
from catalog.pages.review_session import ReviewSitting
from catalog.presentation.wording import pair_words
from catalog.selectors.review import last_decision_of
from staff.access import is_asked_by_script, person


def go_on(request: HttpRequest, address: str = "") -> HttpResponse:
    """Answer a decision: with the page that follows, or to the page's script."""
    if not is_asked_by_script(request):
        return HttpResponseRedirect(address or reverse("catalog:review"))
    sitting = ReviewSitting(request.session)
    said = [{"tone": m.level_tag, "html": conditional_escape(m.message)} for m in messages.get_messages(request)]
    counts = render_to_string("catalog/review_counts.html", counts_of(sitting), request)
    following = "" if address else _following(request, sitting)
    return JsonResponse({"said": said, "counts": counts, "next": following, "undo": _undo(request), "go": address})


def _following(request: HttpRequest, sitting: ReviewSitting) -> str:
    """Return one more pair as HTML; nothing where no other waits."""
    known = pairs_named(request.POST.get("not", ""))
    waiting = coming(sitting, user_id=person(request).pk, besides=known)
    return render_to_string("catalog/review_pair.html", pair_context(request, waiting[0]), request) if waiting else ""


def _undo(request: HttpRequest) -> dict[str, str]:
    last = last_decision_of(person(request).pk)
    return {"url": reverse("catalog:review_undo", args=[last.pk]), "words": pair_words(last)} if last else {}
