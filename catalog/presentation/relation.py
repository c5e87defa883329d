"""The relation of two tracks as a badge; `catalog.services.match_words` has the words."""

from typing import Any

from django.utils.safestring import SafeString

from catalog.models import Match
from catalog.selectors.uses import OpenMix
from staff import display

_BADGES = {
    Match.Relation.IDENTICAL: ("bad", "content_copy", "the same audio"),
    Match.Relation.SAME: ("bad", "content_copy", "the same recording"),
    Match.Relation.EXCERPT: ("bad", "content_cut", "an excerpt"),
    Match.Relation.CONTAINS: ("warning", "join_full", "contains it"),
    Match.Relation.OVERLAP: ("warning", "join_inner", "shares a part"),
    Match.Relation.RELATED: ("off", "music_note", "another performance?"),
}


def relation_badge(match: Match) -> SafeString:
    """Return the relation as a badge, red for a duplicate."""
    tone, icon, word = _BADGES[Match.Relation(match.relation)]
    return display.badge("bad" if match.verdict == Match.Verdict.DUPLICATE else tone, icon, word)


def settled_badge(match: Match) -> SafeString:
    """Return the relation as a badge for a pair that somebody has decided: it needs no attention."""
    _, icon, word = _BADGES[Match.Relation(match.relation)]
    return display.badge("off", icon, word)


def uses_badge(count: int, waiting: int | None = 0) -> SafeString:
    """Return how many other tracks a track uses, yellow while some of them are undecided."""
    return display.badge("warning" if waiting else "off", "queue_music", uses_words(count))


def uses_words(count: int) -> str:
    """Return how many other tracks a track uses; copies of one recording count each."""
    return f"uses {display.counted(count, 'track')}"


def answer_words(job: Any) -> str:
    """Return the outcome of a task that was read `with_uses_found`; for no copy, how many tracks it uses."""
    told = job.error or (job.result or {}).get("is_duplicate")
    return uses_words(job.uses_found) if job.uses_found and not told else job.answer


def open_mix_badge(mix: OpenMix) -> SafeString:
    """Return how many tracks in a mix wait for a decision."""
    return uses_badge(mix.waiting, mix.waiting)
