"""Which stretches of an open file FFmpeg must open one by one; run by path in the decoder's own process.

FFmpeg tells formats apart by their first bytes and by the file's name. The decoder's process knows no name, and the
first bytes may be a tag of several megabytes, so this module looks behind the tag. An Ogg file may be several files in
a row, with other rates, channels and codecs: FFmpeg follows only the first one.
"""

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

MOST_LINKS = 256  # of a chained Ogg; what lies behind them is left to the last one
_PAGE_HEAD, _LACES = 27, 255
_FIRST_OF_STREAM = 2
_ID3_HEAD, _ID3_HAS_FOOTER = 10, 0x10
_CHUNK = 1 << 16
_NO_SIZE = 0x7FFFF000
_FIRST_FRAME = 2048
_FRAME_COUNTS = {b"Xing": 8, b"Info": 8, b"VBRI": 14}  # where the count of frames stands behind the mark
# First bytes -> FFmpeg's name of a format that reads the tag in front by itself.
_READ_THEIR_TAG = {b"fLaC": "flac", b"TTA1": "tta"}


@dataclass(frozen=True)
class Part:
    """A stretch of the file: bytes ``start`` … ``end - 1``, or all of it where ``end`` is 0.

    ``format``: FFmpeg's name of its format, where FFmpeg would not find it.
    """

    start: int = 0
    end: int = 0
    format: str | None = None

    @property
    def url(self) -> str:
        """What FFmpeg opens to read this stretch of standard input."""
        return f"subfile,,start,{self.start},end,{self.end},,:fd:" if self.end else "fd:"


def parts_of(file: int) -> list[Part]:
    """The parts of an open file (a descriptor) in order, at least one. A pipe is one part."""
    status = os.fstat(file)
    if not stat.S_ISREG(status.st_mode):
        return [Part()]
    start = behind_tags(file)
    head = os.pread(file, 4, start)
    if head == b"OggS":
        return _links(file, start, status.st_size)
    if not start:
        return [Part()]
    if head in _READ_THEIR_TAG or _is_adts(head):
        return [Part(format=_READ_THEIR_TAG.get(head, "aac"))]
    return [Part()] if _is_mpeg_audio(head) else [Part(start, status.st_size)]


def behind_tags(file: int) -> int:
    """The byte at which the ID3v2 tags at the beginning of an open file end; 0 without any."""
    start = 0
    while True:
        head = os.pread(file, _ID3_HEAD, start)
        if len(head) < _ID3_HEAD or head[:3] != b"ID3" or any(byte & 0x80 for byte in head[6:]):
            return start
        size = head[6] << 21 | head[7] << 14 | head[8] << 7 | head[9]
        start += _ID3_HEAD + size + (_ID3_HEAD if head[5] & _ID3_HAS_FOOTER else 0)


def promised_s(file: int, format_name: str, facts: dict[str, Any]) -> float | None:
    """The length (s) that an open file itself promises; None where it promises none.

    FFmpeg's own length (``facts["claimed_s"]``) may be a guess from the bit rate. A WAV that was written into a pipe
    gives the largest possible size, which is no promise.
    """
    head = os.pread(file, _CHUNK, behind_tags(file)) if format_name in ("mp3", "wav") else b""
    if format_name == "mp3":
        return (
            _promised_frames(head[:_FIRST_FRAME])
            * (1152 if facts["sample_rate"] >= 32_000 else 576)
            / (facts["sample_rate"] or 1)
            or None
        )
    size = int.from_bytes(head.partition(b"data")[2][:4], "little")
    has_none = format_name == "aac" or (head[:4] == b"RIFF" and size >= _NO_SIZE)
    length_s: float | None = None if has_none else facts["claimed_s"]
    return length_s


def _promised_frames(head: bytes) -> int:
    """How many frames an MP3's first one says that there are; 0 where it does not."""
    for mark, at in _FRAME_COUNTS.items():
        found = head.find(mark)
        if found >= 0 and (mark == b"VBRI" or (head[found + 7 : found + 8] and head[found + 7] & 1)):
            return int.from_bytes(head[found + at : found + at + 4], "big")
    return 0


def _is_adts(head: bytes) -> bool:
    return len(head) > 1 and head[0] == 0xFF and head[1] & 0xF6 == 0xF0


def _is_mpeg_audio(head: bytes) -> bool:
    return len(head) > 1 and head[0] == 0xFF and head[1] & 0xE0 == 0xE0


def _links(file: int, start: int, size: int) -> list[Part]:
    """The links of a chained Ogg, up to the last page: what lies behind it would have FFmpeg guess the length."""
    starts, end, after_first = [start], start, False
    for at, page_end, is_first in _pages(file, start):
        if is_first and after_first and len(starts) < MOST_LINKS:
            starts.append(at)
        after_first, end = not is_first, min(page_end, size)
    if starts == [0] and end == size:
        return [Part()]
    return [Part(a, b) for a, b in zip(starts, [*starts[1:], end or size], strict=True)]


def _pages(file: int, at: int) -> Iterator[tuple[int, int, bool]]:
    """Where each page begins and ends, and whether it is the first of a stream."""
    while at >= 0:
        head = os.pread(file, _PAGE_HEAD + _LACES, at)
        end = at + _PAGE_HEAD + head[26] + sum(head[_PAGE_HEAD : _PAGE_HEAD + head[26]]) if len(head) > 26 else 0
        is_page = end and head[:5] == b"OggS\0"
        is_first = bool(is_page and head[5] & _FIRST_OF_STREAM)
        if not is_page or (is_first and not _is_whole(os.pread(file, end - at, at))):
            at = _next_page(file, at + 1)
            continue
        yield at, end, is_first
        at = end


def _next_page(file: int, at: int) -> int:
    """Where "OggS" stands next; -1 where it does not."""
    while chunk := os.pread(file, _CHUNK, at):
        found = chunk.find(b"OggS")
        if found >= 0:
            return at + found
        at += max(len(chunk) - 3, 1)
    return -1


def _is_whole(page: bytes) -> bool:
    """Whether a page's checksum is right: four bytes of audio may look like a page's beginning."""
    checksum = 0
    for byte in page[:22] + bytes(4) + page[26:]:
        checksum ^= byte << 24
        for _ in range(8):
            checksum = (checksum << 1 ^ (0x04C11DB7 if checksum & 0x80000000 else 0)) & 0xFFFFFFFF
    return checksum == int.from_bytes(page[22:26], "little")
