"""Allow-lists: pairs with a track on the list are decided without asking anybody."""

from catalog.models import Decision, Match, Rule, Track
from catalog.rules.proposals import Judged, Proposal
from textsearch.folding import fold

LABEL_TAGS = ("label", "publisher")  # containers have different names for it


def propose(rule: Rule, matches: list[Match]) -> Judged:
    """Propose "allowed" for the pairs with a track on the list."""
    wanted = fold(rule.value)
    return {
        match.pk: Proposal(match, Decision.Verdict.ALLOWED)
        for match in matches
        if any(wanted in texts_of(track, rule) for track in (match.query_track, match.reference_track))
    }


def texts_of(track: Track, rule: Rule) -> set[str]:
    """Return a track's values of the kind that the list names, in the form in which texts are compared."""
    tags = LABEL_TAGS if rule.of == Rule.Of.LABEL else (rule.tag,)
    texts = {
        Rule.Of.ACCOUNT: [track.owner.get_username()],
        Rule.Of.ARTIST: [track.artist],
        Rule.Of.ALBUM: [track.album],
    }.get(Rule.Of(rule.of)) or [str(value) for name, value in track.tags.items() if name.casefold() in tags]
    return {fold(text) for text in texts}
