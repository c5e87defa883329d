"""Decisions about the same files: bytes that are uploaded again are not reviewed again.

A decision is about recordings. It holds for every track with the same file, until somebody decides about that track.
"""

from django.db.models import F, OuterRef, Q, QuerySet

from catalog.models import Decision, Match

_SIDES = (("first_track", "second_track"), ("second_track", "first_track"))


def of_same_files() -> list[QuerySet[Decision]]:
    """Return, for a sub-query, the standing decisions about tracks with a match's files, either way round."""
    return [
        Decision.objects.filter(
            **{f"{one}__audio_file": OuterRef("query_track__audio_file")},
            **{f"{other}__audio_file": OuterRef("reference_track__audio_file")},
            undone_at=None,
        )
        for one, other in _SIDES
    ]


def inherited(match: Match) -> Decision | None:
    """Return the newest standing decision about other tracks with a match's files; None if there is none."""
    a, b = match.query_track.audio_file_id, match.reference_track.audio_file_id
    if a is None or b is None:
        return None
    either = Q(first_track__audio_file=a, second_track__audio_file=b)
    either |= Q(first_track__audio_file=b, second_track__audio_file=a)
    pair = (match.query_track_id, match.reference_track_id)
    decisions = Decision.objects.filter(either, undone_at=None).exclude(first_track__in=pair, second_track__in=pair)
    tracks = ("first_track", "second_track", "keeper", "decided_by", "rule")
    return decisions.select_related(*tracks).order_by(F("decided_at").desc(), "-pk").first()
