"""Fingerprints that no client of ours made: damaged ones, bombs, and lies that are whole."""

import struct
import zlib
from collections.abc import Iterator
from functools import cache
from random import Random

from bench.fuzz.cases import ANY, FINE, NOT_AUDIO, Case
from bench.fuzz.damage import DAMAGES
from bench.fuzz.recordings import paths
from catalog.engine import PARAMETERS_VERSION, Fingerprint, Fingerprinter
from catalog.engine.features.fingerprint import BODY_HEADER, HEADER, MAGIC
from tests.engine.lies import lies

CALL = "fingerprint"
DAY_COLUMNS = 1_350_000
TOO_LARGE = 2_500 * 1024 + 1  # by so little that it is read before it is refused


@cache
def _real(number: int) -> Fingerprint:
    return Fingerprinter().fingerprint(paths()[number % len(paths())])


def fingerprint_cases(*, count: int, seed: int) -> Iterator[Case]:
    """``count`` damaged ones in every way in turn, half of them with a right checksum; bombs; every lie."""
    for name, data in _bombs():
        yield Case(f"fingerprint: {name}", b"bomb.fp", data, NOT_AUDIO, CALL)
    for name, lie in lies(_real(0)):
        yield Case(f"fingerprint: {name}", b"lie.fp", lie.to_bytes(), FINE, CALL)
    for number in range(count):
        chance = Random(f"{seed}/fingerprint/{number}")
        damage = DAMAGES[number % len(DAMAGES)]
        data, other = (_real(chance.randrange(3)).to_bytes() for _ in range(2))
        damaged = damage(chance, data, other)
        if number % 2 and len(damaged) > HEADER.size:
            damaged = _signed(damaged[HEADER.size :])
        yield Case(f"fingerprint, {damage.__name__}", f"damaged-{number}.fp".encode(), damaged, ANY, CALL)


def _signed(body: bytes) -> bytes:
    return HEADER.pack(MAGIC, PARAMETERS_VERSION, zlib.crc32(body)) + body


def _bombs() -> Iterator[tuple[str, bytes]]:
    day = zlib.compress(bytes(DAY_COLUMNS * 35), 9)[2:-4]
    yield "a day of nothing", _signed(BODY_HEADER.pack(86_400.0, DAY_COLUMNS) + day)
    yield "a day that says it is half a minute", _signed(BODY_HEADER.pack(30.0, DAY_COLUMNS) + day)
    yield "more than it says", _signed(BODY_HEADER.pack(30.0, 468) + day)
    yield "four thousand million columns", _signed(BODY_HEADER.pack(30.0, 2**32 - 1) + day)
    for name, value in (("not a number", float("nan")), ("for ever", float("inf")), ("before time", -30.0)):
        yield name, _signed(BODY_HEADER.pack(value, 468))
    yield "another version", struct.pack("<4sHI", MAGIC, PARAMETERS_VERSION + 1, 0) + bytes(100)
    yield "too large", bytes(TOO_LARGE)
