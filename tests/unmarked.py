"""What a test without a mark may take: `make test-fast` runs it, whose minute many such tests share.

Processor time is counted, of the test and of the processes that it starts, since a busy machine stretches the clock.
So is the sleep that it asks for, which takes none.
"""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

MARKS = {"slow", "browser", "cluster", "milvus"}
MOST_WORK_S = 5.0  # twice and more what the heaviest takes on a busy machine that counts lines: none fails by chance
MOST_SLEEP_S = 1.0


@contextmanager
def counted_sleep() -> Iterator[list[float]]:
    """Note every sleep that is asked for, in any thread."""
    asked: list[float] = []
    sleep = time.sleep

    def noted(seconds: float) -> None:
        asked.append(seconds)
        sleep(seconds)

    time.sleep = noted
    try:
        yield asked
    finally:
        time.sleep = sleep


def complaint(work_s: float, sleep_s: float) -> str | None:
    """Return why a test has to be marked; None where it has not."""
    if work_s > MOST_WORK_S:
        return f"It took {work_s:.1f} s of the processor: mark it slow, or mend what takes so long."
    if sleep_s > MOST_SLEEP_S:
        return f"It slept for {sleep_s:.1f} s: mark it slow, or wait for what is to happen."
    return None


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    """Fail a test that takes long and has no mark."""
    before = os.times()
    with counted_sleep() as asked:
        yield
    work_s = sum(os.times()[:4]) - sum(before[:4])
    words = complaint(work_s, sum(asked))
    if words and not MARKS & {mark.name for mark in item.iter_markers()}:
        pytest.fail(words, pytrace=False)
