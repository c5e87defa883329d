"""What two tracks are to each other, as a badge; the words are `catalog.services.match_words`."""

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
    """Return the relation as a badge; red where the match is a duplicate."""
    tone, icon, word = _BADGES[Match.Relation(match.relation)]
    return display.badge("bad" if match.verdict == Match.Verdict.DUPLICATE else tone, icon, word)


def settled_badge(match: Match) -> SafeString:
    """Return the relation as a badge of a pair that somebody decided on: it asks for nothing any more."""
    _, icon, word = _BADGES[Match.Relation(match.relation)]
    return display.badge("off", icon, word)


def uses_badge(count: int, waiting: int | None = 0) -> SafeString:
    """Return how many recordings a track uses; yellow while somebody has to decide about some of them."""
    return display.badge("warning" if waiting else "off", "queue_music", uses_words(count))


def uses_words(count: int) -> str:
    """Return how many recordings a track uses."""
    return f"uses {display.counted(count, 'recording')}"


def answer_words(job: Any) -> str:
    """Return what came out of a task that was read `with_uses_found`: the recordings it uses, where it is no copy."""
    told = job.error or (job.result or {}).get("is_duplicate")
    return uses_words(job.uses_found) if job.uses_found and not told else job.answer


def open_mix_badge(mix: OpenMix) -> SafeString:
    """Return how many recordings of a mix wait for a decision."""
    return uses_badge(mix.waiting, mix.waiting)
