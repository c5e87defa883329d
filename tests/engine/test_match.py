"""What a match says follows from its segments, and how two curves of similarity are shown as one."""

from dataclasses import replace

import numpy as np
import pytest

from catalog.engine.match import Match, Segment, overlay, twin_match


@pytest.fixture
def match() -> Match:
    """Two pieces of a copy, swapped."""
    return replace(
        twin_match(1, 60.0), segments=(Segment(2.0, 20.0, 40.0, 58.0, 0.9), Segment(20.0, 55.0, 1.0, 36.0, 0.8))
    )


def test_a_match_reaches_from_its_first_segment_to_its_last_on_both_sides(match: Match) -> None:
    assert (match.query_start_s, match.query_end_s) == (2.0, 55.0)
    assert (match.reference_start_s, match.reference_end_s) == (1.0, 58.0)


def test_a_match_with_fewer_segments_is_shorter(match: Match) -> None:
    shorter = replace(match, segments=match.segments[:1])
    assert (shorter.query_end_s, shorter.reference_start_s) == (20.0, 40.0)


@pytest.mark.parametrize(
    ("span", "shown"), [(slice(None), [0.9, 0.5, 0.7, 0.1]), (slice(2, 9), [0.1, 0.5, 0.7, 0.1])], ids=["all", "a part"]
)
def test_the_closer_piece_is_shown_as_far_as_it_goes(span: slice, shown: list[float]) -> None:
    curve, other = np.array([0.1, 0.5, 0.3, 0.1], np.float32), np.array([0.9, 0.2, 0.7], np.float32)
    overlay(curve, other, span)
    assert curve.tolist() == pytest.approx(shown)
