"""What the engine found, as rows."""

import numpy as np

from catalog.engine import Match as EngineMatch
from catalog.models import Job, Match, Scan
from catalog.services.index.log import CURRENT_VERSION

MATCHES_KEPT = 10
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


def match_row(match: EngineMatch, *, query_track_id: int, job: Job | None = None, scan: Scan | None = None) -> Match:
    """Return an unsaved row for one match of a job or of a scan."""
    return Match(
        job=job,
        scan=scan,
        query_track_id=query_track_id,
        reference_track_id=match.track_id,
        description=match.describe()[:255],
        segments=[
            [
                round(float(value), 3)
                for value in (
                    part.query_start_s,
                    part.query_end_s,
                    part.reference_start_s,
                    part.reference_end_s,
                    part.similarity,
                )
            ]
            for part in match.segments
        ],
        similarity_curve=np.nan_to_num(match.similarity_curve).astype(float).round(3).tolist(),
        engine_version=CURRENT_VERSION,
        **{name: getattr(match, name) for name in _SAME_NAMES},
    )
