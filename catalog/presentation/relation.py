"""What two tracks are to each other, as a badge; the words are `catalog.services.match_words`."""

from django.utils.safestring import SafeString

from catalog.models import Match
from staff import display

_BADGES = {
    Match.Relation.IDENTICAL: ("bad", "content_copy", "the same audio"),
    Match.Relation.SAME: ("bad", "content_copy", "the same recording"),
    Match.Relation.EXCERPT: ("bad", "content_cut", "an excerpt"),
    Match.Relation.CONTAINS: ("warning", "join_full", "contains all of it"),
    Match.Relation.OVERLAP: ("warning", "join_inner", "shares a part"),
    Match.Relation.RELATED: ("off", "music_note", "another performance?"),
}


def relation_badge(match: Match) -> SafeString:
    """Return the relation as a badge; red where the match is a duplicate."""
    tone, icon, word = _BADGES[Match.Relation(match.relation)]
    return display.badge("bad" if match.verdict == Match.Verdict.DUPLICATE else tone, icon, word)
