"""The review as a list: matches whose pair waits, one a pair (catalog.selectors.waiting_pairs)."""

from catalog.models.match import Match


class WaitingPair(Match):
    """A match as the list of waiting pairs shows it; no table of its own."""

    class Meta:
        proxy = True
        default_permissions = ()
        verbose_name = "waiting pair"
