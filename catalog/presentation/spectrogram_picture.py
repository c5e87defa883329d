"""The spectrogram as the engine keeps it, as a picture: one column a moment, one row a band, low ones at the bottom."""

import struct
import zlib

import numpy as np
from numpy.typing import NDArray

from catalog.engine import Fingerprint as EngineFingerprint
from catalog.engine import FingerprintError, Telling, what_tells
from catalog.models import AudioFile, Fingerprint
from catalog.services.index.log import CURRENT_VERSION

MAX_COLUMNS = 1600  # more than a screen has
_LEVELS = 16
_INK = (124, 58, 237)  # shown through: louder is less transparent, so that it suits light and dark pages
_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_INDEXED_COLOUR = 3


def spectrogram_picture(*, audio_file: AudioFile) -> bytes | None:
    """Return a PNG of the file's fingerprint; None if it has none of the current version."""
    fingerprint = stored_fingerprint(audio_file)
    return png_of(_thinned(fingerprint.levels).T[::-1]) if fingerprint else None


def telling_stretches(*, audio_file: AudioFile) -> Telling | None:
    """Return the most distinctive passages of the file's fingerprint; None if it has none of the current version."""
    fingerprint = stored_fingerprint(audio_file)
    return what_tells(fingerprint) if fingerprint else None


def stored_fingerprint(audio_file: AudioFile) -> EngineFingerprint | None:
    """Return the file's fingerprint of the current version; None if there is none."""
    row = Fingerprint.objects.filter(audio_file=audio_file, version=CURRENT_VERSION).first()
    try:
        return EngineFingerprint.from_bytes(bytes(row.data)) if row else None
    except FingerprintError:
        return None


def _thinned(levels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return at most `MAX_COLUMNS` columns, each the loudest of those it stands for."""
    if len(levels) <= MAX_COLUMNS:
        return levels
    starts = np.linspace(0, len(levels), MAX_COLUMNS, endpoint=False).astype(np.int64)
    return np.maximum.reduceat(levels, starts, axis=0)


def png_of(pixels: NDArray[np.uint8]) -> bytes:
    """Return an indexed PNG (ISO/IEC 15948) of `pixels`, shape (height, width), values 0 to 15."""
    alphas = bytes(round(255 * level / (_LEVELS - 1)) for level in range(_LEVELS))
    return indexed_png(pixels, bytes(_INK) * _LEVELS, alphas)


def indexed_png(pixels: NDArray[np.uint8], colours: bytes, alphas: bytes) -> bytes:
    """Return an indexed PNG of `pixels`, shape (height, width); a value has 3 bytes of `colours`, one of `alphas`."""
    height, width = pixels.shape
    lines = np.zeros((height, width + 1), np.uint8)  # each line begins with its filter: none
    lines[:, 1:] = pixels
    return b"".join(
        (
            _SIGNATURE,
            _chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, _INDEXED_COLOUR, 0, 0, 0)),
            _chunk(b"PLTE", colours),
            _chunk(b"tRNS", alphas),
            _chunk(b"IDAT", zlib.compress(lines.tobytes(), 6)),
            _chunk(b"IEND", b""),
        )
    )


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
