"""The review as a list: for each pair that waits, its closest match (catalog.selectors.waiting_pairs)."""

from catalog.models.match import Match


class WaitingPair(Match):
    """A match as the list of waiting pairs shows it. It has no table of its own."""

    class Meta:
        proxy = True
        default_permissions = ()
        verbose_name = "waiting pair"
