"""Many pairs decided at once: first a preview, then the decisions, then one undo for all of them."""

from collections import Counter
from urllib.parse import urlencode

from django.contrib import admin, messages
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from catalog.models import Decision, Match
from catalog.pages.review_context import DECIDE, SEE
from catalog.pages.review_session import ReviewSitting
from catalog.selectors.bulk_decision import MOST_PAIRS, BulkPlan, plan
from catalog.selectors.remembered import shift
from catalog.selectors.review import COUNTED, Pair
from catalog.selectors.waiting_pairs import UNALTERED, waiting_pairs
from catalog.services.bulk_decisions import Outcome, decide_many
from staff import audit, display
from staff.access import person, staff_only
from staff.row_ids import row_id

ALL_OF_IT = 0.99
VERDICTS = {
    Decision.Verdict.SAME: "the same recording, keep the proposed one of each",
    Decision.Verdict.VERSION: "another version, keep both",
    Decision.Verdict.DIFFERENT: "not a duplicate",
}
# what the list offers by one button -> (its words, the filters of the list)
PRESETS: dict[str, tuple[str, dict[str, str]]] = {
    "identical": ("All identical", {"relation": "identical"}),
    "same": ("All the same, unaltered, at least 99 %", {"relation": "same", "altered": "none", "share": "0.99"}),
}


def _of_preset(name: str) -> QuerySet[Match]:
    matches = waiting_pairs(Match.objects.all())
    if name == "identical":
        return matches.filter(relation=Match.Relation.IDENTICAL)
    if name == "same":
        return matches.filter(UNALTERED, Q(smaller__gte=ALL_OF_IT), relation=Match.Relation.SAME)
    raise Http404("There is no such preset.")


def _back_to_preview(request: HttpRequest) -> str:
    """Return the page to look again at: what was agreed to is long, and may have changed."""
    preset = request.POST.get("preset", "")
    return f"{request.path}?{urlencode({'preset': preset})}" if preset in PRESETS else list_address()


def list_address() -> str:
    """Return the address of the list of all pairs that wait."""
    return reverse("admin:catalog_waitingpair_changelist")


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@staff_only(*SEE, *DECIDE, comes_back=_back_to_preview)
def bulk(request: HttpRequest) -> HttpResponse:
    """Show the preview for a preset's pairs; on POST store the decisions that such a preview has shown."""
    if request.method == "POST":
        return _decide(request)
    preset = request.GET.get("preset", "")
    return preview(request, _of_preset(preset), Decision.Verdict.SAME, preset=preset)


def preview(request: HttpRequest, matches: QuerySet[Match], verdict: str, *, preset: str = "") -> HttpResponse:
    """Show what deciding these pairs would do; the form carries the very pairs that were counted."""
    found = plan(matches, verdict)
    context = admin.site.each_context(request) | {
        "title": "Decide about many pairs",
        "plan": found,
        "said": VERDICTS[Decision.Verdict(verdict)],
        "kinds": found.kinds.most_common(),
        "skipped": found.skipped.most_common(),
        "left_out": found.skipped.total(),
        "pairs": _written(found),
        "most": MOST_PAIRS,
        "preset": preset,
        "preset_words": PRESETS[preset][0] if preset else "",
        "list": list_address(),
    }
    return TemplateResponse(request, "catalog/review_bulk.html", context)


def _written(found: BulkPlan) -> str:
    return ",".join(f"{first}-{second}-{keeper or 0}" for (first, second), keeper in found.keepers.items())


def _read(text: str) -> dict[Pair, int | None]:
    parts = [[row_id(part) for part in pair.split("-")] for pair in text.split(",")[:MOST_PAIRS]]
    found: dict[Pair, int | None] = {}
    for first, second, keeper in (part for part in parts if len(part) == 3):
        if 0 < first < second:
            found[first, second] = keeper or None
    return found


def _decide(request: HttpRequest) -> HttpResponse:
    verdict, keepers = request.POST.get("verdict", ""), _read(request.POST.get("pairs", ""))
    if verdict not in VERDICTS:
        raise Http404("There is no such decision.")
    try:
        outcome = decide_many(verdict=verdict, keepers=keepers, decided_by=person(request))
    except ValueError as error:
        messages.error(request, str(error))
        return HttpResponseRedirect(list_address())
    audit.note(on=outcome.first, verdict=verdict, batch=str(outcome.batch), pairs=outcome.stored, asked=len(keepers))
    ReviewSitting(request.session).count(+outcome.stored)
    shift(COUNTED, -outcome.stored)
    _tell(request, outcome, VERDICTS[Decision.Verdict(verdict)])
    return HttpResponseRedirect(list_address())


def _tell(request: HttpRequest, outcome: Outcome, said: str) -> None:
    if outcome.stored:
        pairs = display.counted(outcome.stored, "pair")
        messages.success(request, f"{pairs} decided together: {said}. Nothing was removed. One undo takes it all back.")
    by_whom = Counter(decision.author for decision in outcome.others)
    for name, count in by_whom.most_common():
        messages.warning(
            request, f"{name} decided about {display.number(count)} of these pairs first. That decision stays."
        )
    if outcome.gone:
        skipped = f"Skipped {display.number(outcome.gone)} of these pairs: they are not waiting any more."
        messages.warning(request, skipped)
    if not (outcome.stored or outcome.others or outcome.gone):
        messages.info(request, "There were no pairs to decide about. Nothing was stored.")
