"""Groups of copies: tracks that waiting pairs join, so that all of them can be decided at once.

A fingerprint that a client made joins nothing until it is confirmed: one that lies would join what has nothing to do
with each other. Its pairs wait one by one.
"""

from dataclasses import dataclass

from django.db.models import F, Q

from catalog.models import Match, Track
from catalog.selectors.review import Pair, of_heard_tracks, open_matches, ordered

MOST_TRACKS = 24  # a page that a person can take in; what is left comes again
MOST_STEPS = 4  # from copy to copy: a group is rarely wider, and the number of queries stays small
MOST_MATCHES = 600


@dataclass(frozen=True)
class Group:
    """Tracks joined by waiting pairs; `matches` holds the strongest waiting match of each pair."""

    tracks: list[Track]
    matches: dict[Pair, Match]
    is_cut: bool

    def best_of(self, track: Track) -> Match | None:
        """Return the strongest match of one of the tracks with another of them."""
        return next((match for pair, match in self.matches.items() if track.pk in pair), None)


def group_ids(track_id: int) -> list[int]:
    """Return the ids of all tracks that waiting pairs join to this one, itself included; at most `MOST_TRACKS` + 1."""
    reached, frontier = [track_id], [track_id]
    for _ in range(MOST_STEPS):
        touching = (
            of_heard_tracks(open_matches())
            .filter(Q(query_track__in=frontier) | Q(reference_track__in=frontier))
            .order_by("pk")
        )
        ends = touching.values_list("query_track_id", "reference_track_id")[:MOST_MATCHES]
        found = dict.fromkeys(end for pair in ends for end in pair)
        frontier = [end for end in found if end not in reached][: MOST_TRACKS + 1 - len(reached)]
        reached += frontier
        if not frontier or len(reached) > MOST_TRACKS:
            break
    return reached


def group_of(track_id: int) -> Group:
    """Return the group that a track belongs to; without tracks where nothing waits about it."""
    reached = group_ids(track_id)
    ids = reached[:MOST_TRACKS]
    among = (
        of_heard_tracks(open_matches())
        .filter(query_track__in=ids, reference_track__in=ids)
        .defer("segments", "similarity_curve")
        .order_by(F("score").desc(), "pk")
    )
    matches: dict[Pair, Match] = {}
    for match in among:
        matches.setdefault(ordered(match.query_track_id, match.reference_track_id), match)
    joined = {track_id for pair in matches for track_id in pair}
    tracks = (
        Track.objects.filter(pk__in=joined).select_related("audio_file", "client_fingerprint", "owner").order_by("pk")
    )
    return Group(tracks=list(tracks), matches=matches, is_cut=len(reached) > MOST_TRACKS)
