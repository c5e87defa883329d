"""The fingerprint: what is stored of a recording, and its bytes.

Layout: magic, version of the parameters, checksum of the rest, duration, columns; then the 4-bit levels, deflated.
"""

import hashlib
import struct
import zlib
from dataclasses import dataclass
from functools import cached_property
from typing import Self

import numpy as np
from numpy.typing import NDArray

from catalog.engine.errors import InvalidFingerprint
from catalog.engine.features.content import is_blank
from catalog.engine.features.spectrogram import Floats, dequantise
from catalog.engine.parameters import LONGEST_S, PARAMETERS, PARAMETERS_VERSION

MAGIC = b"mfp\x01"
HEADER = struct.Struct("<4sHI")
BODY_HEADER = struct.Struct("<dI")
MAX_COLUMNS = int(LONGEST_S / PARAMETERS.hop_s)


@dataclass(frozen=True, eq=False)
class Fingerprint:
    """A recording's quantised spectrogram: ``levels`` (columns, rows) of 0 … 15, and its length in seconds."""

    levels: NDArray[np.uint8]
    duration_s: float
    parameters_version: int = PARAMETERS_VERSION

    @property
    def picture(self) -> Floats:
        """(columns, rows) dB around each row's running mean: four times the size of ``levels``, and not kept."""
        return dequantise(self.levels)

    @cached_property
    def digest(self) -> bytes:
        """16 bytes that are equal for equal ``levels`` only."""
        return hashlib.blake2b(self.levels.tobytes(), digest_size=16).digest()

    @cached_property
    def is_blank(self) -> bool:
        """Whether there is nothing to compare: silence, a constant offset, hum, a steady tone."""
        return is_blank(self.levels)

    def to_bytes(self) -> bytes:
        """The bytes to store, with version and checksum. ``from_bytes`` gives an equal fingerprint back."""
        flat = self.levels.reshape(-1)
        packed = flat[0::2] | (flat[1::2] << 4)
        body = BODY_HEADER.pack(self.duration_s, len(self.levels)) + _deflate(packed.tobytes())
        return HEADER.pack(MAGIC, self.parameters_version, zlib.crc32(body)) + body

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """Read what ``to_bytes`` wrote. ``InvalidFingerprint`` for damaged bytes and for those of another version."""
        if len(data) < HEADER.size + BODY_HEADER.size or data[:4] != MAGIC:
            raise InvalidFingerprint("These bytes are not a fingerprint.")
        _, version, checksum = HEADER.unpack_from(data)
        if version != PARAMETERS_VERSION:
            raise InvalidFingerprint(
                f"This fingerprint was made with parameters {version}; parameters {PARAMETERS_VERSION} are in use."
            )
        body = data[HEADER.size :]
        if zlib.crc32(body) != checksum:
            raise InvalidFingerprint("This fingerprint is damaged.")
        duration_s, columns = BODY_HEADER.unpack_from(body)
        return cls(_levels(body[BODY_HEADER.size :], columns), duration_s)


def _deflate(data: bytes) -> bytes:
    deflater = zlib.compressobj(6, zlib.DEFLATED, -15, 9, zlib.Z_DEFAULT_STRATEGY)
    return deflater.compress(data) + deflater.flush()


def _levels(data: bytes, columns: int) -> NDArray[np.uint8]:
    size = columns * PARAMETERS.rows
    if columns > MAX_COLUMNS:
        raise InvalidFingerprint("This fingerprint is longer than any recording.")
    try:
        packed = np.frombuffer(zlib.decompressobj(-15).decompress(data, size // 2 + 1), np.uint8)
    except zlib.error as error:
        raise InvalidFingerprint("This fingerprint is damaged.") from error
    if len(packed) != size // 2:
        raise InvalidFingerprint("This fingerprint is damaged.")
    flat = np.empty(size, np.uint8)
    flat[0::2], flat[1::2] = packed & 15, packed >> 4
    return flat.reshape(columns, PARAMETERS.rows)
