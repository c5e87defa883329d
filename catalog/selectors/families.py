"""Which tracks are in pairs that still wait for a decision."""

from django.db.models import Exists, OuterRef, Q, QuerySet

from catalog.models import Track
from catalog.selectors.review import open_matches


def with_open_pairs(tracks: QuerySet[Track]) -> QuerySet[Track]:
    """Annotate `is_open`: whether a track and a duplicate of it wait for a decision."""
    outer = OuterRef("pk")
    return tracks.annotate(is_open=Exists(open_matches().filter(Q(query_track=outer) | Q(reference_track=outer))))


def in_open_pairs() -> Q:
    """Return the condition that a track is in a pair that waits for a decision."""
    waiting = open_matches().order_by()
    return Q(pk__in=waiting.values("query_track")) | Q(pk__in=waiting.values("reference_track"))
