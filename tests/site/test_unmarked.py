"""Tests that take long carry a mark, so that `make test-fast` stays fast."""

import threading
import time

import pytest

from tests.unmarked import MOST_SLEEP_S, MOST_WORK_S, complaint, counted_sleep


@pytest.mark.parametrize(
    ("work_s", "sleep_s", "words"),
    [
        (MOST_WORK_S, MOST_SLEEP_S, None),
        (MOST_WORK_S + 0.2, 0.0, "It took 5.2 s of the processor: mark it slow"),
        (0.0, MOST_SLEEP_S + 0.5, "It slept for 1.5 s: mark it slow"),
    ],
)
def test_what_takes_long_is_to_be_marked(work_s: float, sleep_s: float, words: str | None) -> None:
    told = complaint(work_s, sleep_s)
    assert (told is None) == (words is None)
    assert (told or "").startswith(words or "")


def test_sleeps_of_all_threads_are_counted() -> None:
    with counted_sleep() as asked:
        thread = threading.Thread(target=lambda: time.sleep(0.01))
        thread.start()
        thread.join()
        time.sleep(0.02)
    assert asked == [0.01, 0.02]
