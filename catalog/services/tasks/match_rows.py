"""The engine's matches as rows."""

from collections.abc import Mapping

import numpy as np
from django.dispatch import Signal

from catalog.engine import Answer
from catalog.engine import Match as EngineMatch
from catalog.models import AudioFile, Job, Match, Scan, Track
from catalog.services.index.log import CURRENT_VERSION
from catalog.services.tasks.edits import edit_of, mean_similarity

_SAME_NAMES = (
    "verdict",
    "score",
    "false_accept_probability",
    "offset_s",
    "query_start_s",
    "query_end_s",
    "reference_start_s",
    "reference_end_s",
    "tempo_ratio",
    "pitch_semitones",
    "query_coverage",
    "reference_coverage",
    "similarity_step_s",
)

# `matches`: rows that were just stored. Sent in the transaction that stored them, so that what is done then is done
# once, with them. Receivers end no check: they keep their own failures to themselves.
matches_stored = Signal()


def store_matches(rows: list[Match]) -> None:
    """Store the rows that `match_rows` made, and tell the rules about them; call it in a transaction."""
    matches_stored.send(sender=Match, matches=Match.objects.bulk_create(rows))


def match_rows(
    answer: Answer, *, query: Track, present: Mapping[int, Track], job: Job | None = None, scan: Scan | None = None
) -> list[Match]:
    """Return unsaved rows for the matches with tracks in `present`, which have their `audio_file` loaded."""
    found = [match for match in answer.matches if match.track_id in present]
    rows = [_row(match, query, present[match.track_id], is_complete=answer.is_complete) for match in found]
    for row in rows:
        row.job, row.scan = job, scan
    return rows


def _row(match: EngineMatch, query: Track, reference: Track, *, is_complete: bool) -> Match:
    segments = _segments(match)
    return Match(
        query_track=query,
        reference_track=reference,
        relation=_relation(match, query.audio_file, reference.audio_file),
        segments=segments,
        similarity=mean_similarity(segments),
        edit=edit_of(segments, match.tempo_ratio),
        similarity_curve=np.nan_to_num(match.similarity_curve).astype(float).round(3).tolist(),
        search_ended_early=not is_complete,
        engine_version=CURRENT_VERSION,
        **{name: getattr(match, name) for name in _SAME_NAMES},
    )


def _segments(match: EngineMatch) -> list[list[float]]:
    parts = (
        (part.query_start_s, part.query_end_s, part.reference_start_s, part.reference_end_s, part.similarity)
        for part in match.segments
    )
    return [[round(float(value), 3) for value in part] for part in parts]


def _relation(match: EngineMatch, query: AudioFile | None, reference: AudioFile | None) -> str:
    """Return the relation that the engine found. Equal fingerprints of other samples are not the same audio."""
    if match.relation == "identical" and query and reference and query.pk != reference.pk:
        digests = {query.samples_digest, reference.samples_digest}
        return Match.Relation.SAME if len(digests - {""}) > 1 else Match.Relation.IDENTICAL
    return match.relation
