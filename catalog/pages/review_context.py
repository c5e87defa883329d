"""What the pages of the review show: the counts of a session, the next pairs, and all about one pair."""

from collections.abc import Collection

from django.db.models import Q
from django.http import Http404, HttpRequest

from catalog.models import Track
from catalog.pages.review_session import ReviewSitting
from catalog.presentation.comparison import comparison_of
from catalog.selectors import review as pairs
from catalog.selectors.groups import larger_group_ids
from catalog.selectors.pair_care import reviewers, talk_about
from catalog.selectors.review import Pair
from catalog.selectors.review_plan import first_open, plan_of
from catalog.services.audio.bandwidth import request_cutoffs
from catalog.services.audio.playback import request_peaks
from staff.access import person
from staff.row_ids import row_id

SEE = ("catalog.view_match", "catalog.view_track")
DECIDE = ("catalog.add_decision",)


def counts_of(sitting: ReviewSitting) -> dict[str, object]:
    """Return how many pairs were decided and put aside in this session, and how many are left."""
    waiting = pairs.open_count()
    skipped = len(sitting.skipped)
    left = waiting if waiting >= pairs.COUNT_LIMIT else max(waiting - skipped, 0)
    return {"done": sitting.done, "skipped": skipped, "left": left}


def coming(sitting: ReviewSitting, *, user_id: int, besides: Collection[Pair] = (), limit: int = 1) -> list[Pair]:
    """Return the pairs that come next, without those that the page has."""
    left_out = {*sitting.skipped, *besides}
    found = first_open([pair for pair in sitting.plan if pair not in left_out], limit=limit)
    if len(found) < limit:
        sitting.plan = plan_of(skipped=left_out, user_id=user_id)
        found = first_open(sitting.plan, limit=limit)
    return found


def pairs_named(text: str) -> set[Pair]:
    """Return the pairs of a list such as `3-17,4-9`; anything else in it is left out."""
    ends = [[row_id(end) for end in pair.split("-")] for pair in text.split(",")]
    return {pairs.ordered(*both) for both in ends if len(both) == 2 and all(both)}


def pair_context(request: HttpRequest, shown: Pair) -> dict[str, object]:
    """Return all that the page of one pair shows.

    Raises:
        Http404: no check found one of the two in the other.

    """
    match = pairs.best_match(shown)
    if match is None:
        raise Http404("No check found a match between these two tracks.")
    _draw_ahead(shown)
    comparison = comparison_of(pairs.on_review(match))
    chosen = request.GET.get("choice", "")
    return {
        "comparison": comparison,
        "pair": shown,
        "unsent": next((choice for choice in comparison.choices if choice.value == chosen), None),
        "group": larger_group_ids(comparison.a.pk, comparison.b.pk) if not comparison.decision else [],
        "can_decide": request.user.has_perms(DECIDE) and not comparison.removed,
        "talk": talk_about(shown),
        "reviewers": reviewers() if request.user.has_perms(DECIDE) else [],
        "can_note": request.user.has_perms(DECIDE),
        "can_undo": request.user.has_perms(DECIDE),
        "last_decision": pairs.last_decision_of(person(request).pk),
    }


def _draw_ahead(both: Pair) -> None:
    """Have the waveforms of a pair drawn and its files measured, so that its page does not wait for them."""
    not_ready = Q(audio_file__peaks=None) | Q(audio_file__cutoff_hz=None)
    tracks = Track.objects.filter(not_ready, pk__in=both).select_related("audio_file")
    files = [track.audio_file for track in tracks if track.audio_file]
    for audio_file in files:
        request_peaks(audio_file=audio_file)
    request_cutoffs(audio_files=files)
