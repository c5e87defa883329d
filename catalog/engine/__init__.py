"""Recognises recordings: ``Fingerprinter`` reads files, ``FingerprintIndex`` finds them.

>>> fingerprint = Fingerprinter().fingerprint("song.mp3")
>>> index = FingerprintIndex()
>>> index.add(1, fingerprint)
>>> for match in index.search(fingerprint): ...

Essentia and FAISS are imported on first use, so that importing this costs little and nothing crosses a fork.
"""

import os

# Before NumPy is first imported: the engine's products are many and small, and a second BLAS thread makes them slower
# (4 times, where the other core is busy). Several recordings at once are several processes.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from catalog.engine.audio.decoding import DecodeLimits
from catalog.engine.audio.info import AudioInfo
from catalog.engine.errors import (
    DecodeCrashed,
    DecodeTimeout,
    FingerprintError,
    IndexBusy,
    IndexUnavailable,
    InvalidFingerprint,
    InvalidIndex,
    TooLong,
    TooShort,
    UnreadableAudio,
)
from catalog.engine.features.fingerprint import Fingerprint
from catalog.engine.features.fingerprinter import Analysis, Fingerprinter
from catalog.engine.features.received import received_fingerprint
from catalog.engine.match import Match, Segment
from catalog.engine.parameters import PARAMETERS_VERSION
from catalog.engine.search.find import Answer, Wanted
from catalog.engine.search.fingerprint_index import FingerprintIndex
from catalog.engine.verification.distinctiveness import Telling, what_tells

__all__ = [
    "PARAMETERS_VERSION",
    "Analysis",
    "Answer",
    "AudioInfo",
    "DecodeCrashed",
    "DecodeLimits",
    "DecodeTimeout",
    "Fingerprint",
    "FingerprintError",
    "FingerprintIndex",
    "Fingerprinter",
    "IndexBusy",
    "IndexUnavailable",
    "InvalidFingerprint",
    "InvalidIndex",
    "Match",
    "Segment",
    "Telling",
    "TooLong",
    "TooShort",
    "UnreadableAudio",
    "Wanted",
    "received_fingerprint",
    "what_tells",
]
