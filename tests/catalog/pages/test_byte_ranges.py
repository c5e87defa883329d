"""Range headers: the RFC's cases, and hostile ones."""

import pytest

from catalog.pages.byte_ranges import ByteRange, RangeNotSatisfiableError, parse_range


@pytest.mark.parametrize(
    ("header", "first", "last"),
    [
        ("bytes=0-0", 0, 0),
        ("bytes=0-99", 0, 99),
        ("bytes=10-", 10, 99),
        ("bytes=-10", 90, 99),
        ("bytes=-1000", 0, 99),
        ("bytes=50-1000", 50, 99),
        ("Bytes = 1 - 2", 1, 2),
    ],
)
def test_one_range(header: str, first: int, last: int) -> None:
    part = parse_range(header, 100)
    assert part == ByteRange(first, last)
    assert part.length == last - first + 1


@pytest.mark.parametrize(
    "header", ["", "bytes=", "bytes=-", "bytes=5-2", "items=0-1", "bytes=0-1,3-4", "bytes=a-b", "bytes=٣-٤", "-1-2"]
)
def test_the_whole_instead(header: str) -> None:
    assert parse_range(header, 100) is None


@pytest.mark.parametrize(
    ("header", "total"), [("bytes=100-", 100), ("bytes=200-300", 100), ("bytes=-0", 100), ("bytes=-5", 0)]
)
def test_behind_the_end(header: str, total: int) -> None:
    with pytest.raises(RangeNotSatisfiableError):
        parse_range(header, total)
