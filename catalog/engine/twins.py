"""Equal fingerprints: the same audio to the last level, whatever it is (a drone too), needs no evidence."""

import numpy as np

from catalog.engine.match import Match, Segment

TWIN_SCORE = 300.0
CURVE_STEP_S = 0.256


def twin_match(track_id: int, duration_s: float) -> Match:
    """The match of a recording with itself."""
    return Match(
        track_id=track_id,
        verdict="duplicate",
        score=TWIN_SCORE,
        false_accept_probability=0.0,
        offset_s=0.0,
        tempo_ratio=1.0,
        pitch_semitones=0.0,
        query_start_s=0.0,
        query_end_s=duration_s,
        reference_start_s=0.0,
        reference_end_s=duration_s,
        query_coverage=1.0,
        reference_coverage=1.0,
        segments=(Segment(0.0, duration_s, 0.0, duration_s, 1.0),),
        similarity_curve=np.ones(max(1, int(duration_s / CURVE_STEP_S)), np.float32),
        similarity_step_s=CURVE_STEP_S,
    )
