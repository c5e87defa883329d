"""The longest modules first, where several processes share the suite: else one of them is busy when all have ended."""

import os
from collections import Counter

import pytest

# About how many seconds a test takes that has the mark; the first that it has counts.
SECONDS = {"cluster": 6.0, "browser": 4.0, "no_cover": 2.0, "slow": 0.15}
UNMARKED_S = 0.03


def seconds(item: pytest.Item) -> float:
    """Return about how long a test takes."""
    return next((taken for mark, taken in SECONDS.items() if item.get_closest_marker(mark)), UNMARKED_S)


def longest_first(items: list[pytest.Item]) -> list[pytest.Item]:
    """Return the items by module, in the order within each that they have."""
    of_module: Counter[object] = Counter()
    for item in items:
        of_module[item.path] += seconds(item)  # type: ignore[assignment]
    return sorted(items, key=lambda item: (-of_module[item.path], str(item.path)))


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Sort what the processes share; one process alone keeps its order."""
    if os.environ.get("PYTEST_XDIST_WORKER"):
        items[:] = longest_first(items)
