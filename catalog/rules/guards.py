"""What no rule decides: the reasons for which a pair is left to people."""

from collections.abc import Callable

from catalog.models import Decision, Match, PairCare, PairNote, Rule
from catalog.rules.proposals import ends_of, pair_of
from catalog.selectors.bulk_decision import unheard_words
from catalog.selectors.review import Pair
from catalog.services.match_words import conflict_words

TAKEN_BACK = "somebody undid a decision about the pair"
IN_HAND = "the pair is assigned to somebody, waits for a second opinion, or has a note"
CONFLICT = "ISRC, artist or account differ"


def left_to_people(rule: Rule, matches: list[Match]) -> dict[int, str]:
    """Return the reason for each match whose pair is left to people; others are left out."""
    ids = ends_of(matches)
    taken_back = _pairs_of(Decision, ids, undone_at__isnull=False)
    in_hand = _pairs_of(PairCare, ids) | _pairs_of(PairNote, ids)
    tests: list[tuple[str, Callable[[Match], object]]] = [
        (TAKEN_BACK, lambda match: pair_of(match) in taken_back),
        (IN_HAND, lambda match: pair_of(match) in in_hand),
        (CONFLICT, lambda match: not rule.takes_conflicts and conflict_words(match)),
    ]
    reasons = {
        match.pk: next((words for words, holds in tests if holds(match)), "") or unheard_words(match)
        for match in matches
    }
    return {pk: words for pk, words in reasons.items() if words}


def _pairs_of(model: type[Decision | PairCare | PairNote], ids: set[int], **tests: object) -> set[Pair]:
    rows = model._default_manager.filter(first_track__in=ids, second_track__in=ids, **tests).order_by()  # noqa: SLF001
    return set(rows.values_list("first_track_id", "second_track_id"))
