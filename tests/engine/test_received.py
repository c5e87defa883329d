"""Fingerprints that others made: what their bytes must be, and that no lie in them stops a search."""

import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from catalog.engine import (
    PARAMETERS_VERSION,
    Fingerprint,
    Fingerprinter,
    FingerprintError,
    FingerprintIndex,
    InvalidFingerprint,
    TooLong,
    TooShort,
    received_fingerprint,
)
from catalog.engine.features.fingerprint import BODY_HEADER, HEADER, MAGIC
from tests.engine.lies import lies, of_levels

SONG = Path(__file__).parent.parent / "audio" / "forest-dance.mp3"


@pytest.fixture(scope="module")
def real() -> Fingerprint:
    """One of a recording."""
    return Fingerprinter().fingerprint(SONG)


def made(*, duration_s: float, columns: int, body: bytes = b"", version: int = PARAMETERS_VERSION) -> bytes:
    """Bytes that say so of themselves, with the right checksum."""
    rest = BODY_HEADER.pack(duration_s, columns) + body
    return HEADER.pack(MAGIC, version, zlib.crc32(rest)) + rest


def test_what_the_command_writes_is_taken(real: Fingerprint) -> None:
    back = received_fingerprint(real.to_bytes(), longest_s=3600.0)
    assert np.array_equal(back.levels, real.levels)
    assert back.duration_s == real.duration_s


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf"), -1.0])
def test_a_length_that_is_no_length(value: float) -> None:
    with pytest.raises(InvalidFingerprint, match="not a number"):
        received_fingerprint(made(duration_s=value, columns=400), longest_s=3600.0)


def test_a_day_in_a_few_bytes_is_refused_before_it_is_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    columns = 1_350_000
    bomb = zlib.compress(bytes(columns * 35), 9)[2:-4]
    data = made(duration_s=86_400.0, columns=columns, body=bomb)
    assert len(data) < 60_000
    monkeypatch.setattr(zlib, "decompressobj", lambda *_: pytest.fail("it was unpacked"))
    with pytest.raises(TooLong, match="3600 s"):
        received_fingerprint(data, longest_s=3600.0)


def test_a_picture_that_is_longer_than_its_length_is_refused_before_it_is_unpacked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    bomb = zlib.compress(bytes(1_350_000 * 35), 9)[2:-4]
    monkeypatch.setattr(zlib, "decompressobj", lambda *_: pytest.fail("it was unpacked"))
    with pytest.raises(InvalidFingerprint, match="length of its picture"):
        received_fingerprint(made(duration_s=30.0, columns=1_350_000, body=bomb), longest_s=3600.0)


@pytest.mark.slow
def test_more_in_it_than_it_says_is_never_unpacked_whole() -> None:
    bomb = zlib.compress(bytes(100_000_000), 9)[2:-4]
    with pytest.raises(InvalidFingerprint, match="damaged"):
        received_fingerprint(made(duration_s=30.0, columns=468, body=bomb), longest_s=3600.0)


def test_too_short() -> None:
    for short in (of_levels(np.zeros((15, 70))), of_levels(np.zeros((40, 70)))):
        with pytest.raises(TooShort):
            received_fingerprint(short.to_bytes(), longest_s=3600.0)


def test_another_version_is_named(real: Fingerprint) -> None:
    data = bytearray(real.to_bytes())
    struct.pack_into("<H", data, 4, PARAMETERS_VERSION + 1)
    with pytest.raises(InvalidFingerprint, match=f"parameters {PARAMETERS_VERSION + 1}.*{PARAMETERS_VERSION} are"):
        received_fingerprint(bytes(data), longest_s=3600.0)


@pytest.mark.slow
@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=400))
def test_no_bytes_at_all_raise_anything_else(data: bytes) -> None:
    for tried in (data, MAGIC + data, made(duration_s=30.0, columns=468, body=data)):
        with pytest.raises(FingerprintError):
            received_fingerprint(tried, longest_s=3600.0)


@pytest.mark.slow
@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    duration_s=st.floats(width=64),
    columns=st.integers(0, 2**32 - 1),
    place=st.integers(0, 3000),
    byte=st.integers(0, 255),
)
def test_damage_behind_a_right_checksum(
    real: Fingerprint, duration_s: float, columns: int, place: int, byte: int
) -> None:
    packed = bytearray(real.to_bytes()[HEADER.size + BODY_HEADER.size :])
    packed[place % len(packed)] = byte
    for data in (
        made(duration_s=duration_s, columns=columns, body=bytes(packed)),
        made(duration_s=real.duration_s, columns=len(real.levels), body=bytes(packed)),
    ):
        try:
            found = received_fingerprint(data, longest_s=3600.0)
        except FingerprintError:
            continue
        assert found.levels.max() <= 15
        assert found.levels.shape == (len(real.levels), 70)


@pytest.mark.slow
def test_no_lie_stops_a_search(real: Fingerprint) -> None:
    """As a query, and as a reference: whatever is answered, nothing is raised."""
    index = FingerprintIndex()
    index.add(1, real)
    for number, (_, lie) in enumerate(lies(real), start=2):
        taken = received_fingerprint(lie.to_bytes(), longest_s=3600.0)
        index.search(taken, include_weak=True)
        index.add(number, taken)
    assert index.search(real, exclude=())[0].is_duplicate
    for _, lie in lies(real):
        index.search(lie, include_weak=True)
