"""Fingerprints that somebody else made: nothing in their bytes is trusted until it is checked.

What passes is whole, of this version, as long as its picture says, and no longer than the receiver allows. It cannot be
checked whether it is of the recording that its sender names: the receiver must decide what follows from that.
"""

import math

from catalog.engine.errors import InvalidFingerprint, TooLong, TooShort
from catalog.engine.features.fingerprint import BODY_HEADER, HEADER, MAGIC, Fingerprint
from catalog.engine.features.patches import PATCH_SPAN_COLUMNS
from catalog.engine.parameters import PARAMETERS, PARAMETERS_VERSION

SHORTEST_S = 3.0  # as of recordings that are decoded
COLUMNS_APART = 2  # that the length in seconds and the picture may differ by: a length is rounded, a picture is whole
ROUNDING_S = 0.1  # over the limit that still counts as the limit


def received_fingerprint(data: bytes, *, longest_s: float) -> Fingerprint:
    """Read a fingerprint of at most ``longest_s`` seconds from bytes that somebody sent.

    The lengths are checked before anything is unpacked, as a few bytes can claim to be a day of music.
    ``InvalidFingerprint`` for what is no fingerprint of this version, is damaged, or contradicts itself; ``TooShort``
    under ``SHORTEST_S``; ``TooLong``.
    """
    if _is_of_this_version(data):
        _refuse_lengths(*BODY_HEADER.unpack_from(data, HEADER.size), longest_s=longest_s)
    return Fingerprint.from_bytes(data)


def _is_of_this_version(data: bytes) -> bool:
    if len(data) < HEADER.size + BODY_HEADER.size:
        return False
    magic, version, _ = HEADER.unpack_from(data)
    return bool(magic == MAGIC and version == PARAMETERS_VERSION)


def _refuse_lengths(duration_s: float, columns: int, *, longest_s: float) -> None:
    if not math.isfinite(duration_s) or duration_s < 0:
        raise InvalidFingerprint("The length of this fingerprint is not a number of seconds.")
    if duration_s > longest_s + ROUNDING_S:
        raise TooLong(f"This fingerprint is {duration_s:.0f} s long; at most {longest_s:.0f} s are taken.")
    if duration_s < SHORTEST_S or columns < PATCH_SPAN_COLUMNS:
        raise TooShort(f"This fingerprint is shorter than {SHORTEST_S:g} s: too little to recognise.")
    samples = duration_s * PARAMETERS.sample_rate - PARAMETERS.frame_samples
    if abs(columns - (samples // PARAMETERS.hop_samples + 1)) > COLUMNS_APART:
        raise InvalidFingerprint("The length of this fingerprint is not the length of its picture.")
