"""Which candidates of a window are looked at, by what came of those before them."""

from dataclasses import replace

from catalog.engine.match import Match, Segment, twin_match
from catalog.engine.search.windows import FAILURES, NEGLIGIBLE, STEP_S, Windows


def believed(start_s: float, end_s: float) -> Match:
    return replace(twin_match(1, 60.0), segments=(Segment(start_s, end_s, 0.0, end_s - start_s, 0.9),))


def test_a_window_has_room_for_so_many_failures() -> None:
    windows = Windows()
    for _ in range(FAILURES - 1):
        windows.failed(10.0)
    assert windows.has_room(1.0, 10.0)
    windows.failed(10.0)
    assert not windows.has_room(1.0, 10.0)
    assert windows.has_room(1.0, 10.0 + STEP_S), "another window has its own"


def test_beside_what_is_believed_only_votes_that_count_are_looked_at() -> None:
    windows = Windows()
    windows.found(believed(12.0, 40.0), votes=20.0)
    few, enough = 20.0 * NEGLIGIBLE - 0.1, 20.0 * NEGLIGIBLE
    assert not windows.has_room(few, 30.0)
    assert windows.has_room(enough, 30.0)
    assert windows.has_room(few, 60.0), "it does not play there"


def test_what_is_found_gives_the_next_ones_room_again() -> None:
    windows = Windows()
    for _ in range(FAILURES):
        windows.failed(20.0)
    windows.found(believed(12.0, 40.0), votes=20.0)
    assert windows.has_room(10.0, 20.0)


def test_the_strongest_says_what_counts() -> None:
    windows = Windows()
    windows.found(believed(0.0, 30.0), votes=30.0)
    windows.found(believed(0.0, 30.0), votes=5.0)
    assert not windows.has_room(2.9, 15.0)
