"""Which tests count the lines that they reach.

Those that drive a browser or a running site do not: other tests reach the same lines, and counting made the browser's
tests half as long again.
"""

import pytest

LEFT_OUT = ("browser", "cluster")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Count no lines in what is left out."""
    for item in items:
        if any(map(item.get_closest_marker, LEFT_OUT)):
            item.add_marker("no_cover")
