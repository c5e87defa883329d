"""HTTP Range (RFC 9110, section 14): one range of bytes; several at once are answered with the whole file."""

import re
from dataclasses import dataclass

_ONE_RANGE = re.compile(r"^bytes\s*=\s*(\d{0,18})\s*-\s*(\d{0,18})\s*$", re.ASCII | re.IGNORECASE)


class RangeNotSatisfiableError(Exception):
    """The range begins after the end: status 416."""


@dataclass(frozen=True)
class ByteRange:
    """A part of a file, both ends included."""

    first: int
    last: int

    @property
    def length(self) -> int:
        """How many bytes."""
        return self.last - self.first + 1


def parse_range(header: str, total: int) -> ByteRange | None:
    """Return the part of `total` bytes that a Range header asks for; None to send the whole file.

    A header that is malformed, of another unit, or that names several ranges is ignored, as the RFC lets a server do.

    Raises:
        RangeNotSatisfiableError: the range begins after the end, or is the last zero bytes.

    """
    found = _ONE_RANGE.match(header.strip())
    if not found or found.groups() == ("", ""):
        return None
    start_text, end_text = found.groups()
    if not start_text:
        return _suffix(int(end_text), total)
    start = int(start_text)
    end = min(int(end_text), total - 1) if end_text else total - 1
    if end_text and int(end_text) < start:
        return None
    if start >= total:
        raise RangeNotSatisfiableError
    return ByteRange(start, end)


def _suffix(count: int, total: int) -> ByteRange:
    if count == 0 or total == 0:
        raise RangeNotSatisfiableError
    return ByteRange(max(total - count, 0), total - 1)
