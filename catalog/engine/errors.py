"""What can go wrong. ``str(error)`` is a message for a person.

A ``FingerprintError`` is about one recording or some bytes. The two about the index itself are no subclasses of it.
"""


class FingerprintError(Exception):
    """This audio, fingerprint or saved index cannot be used; trying again will not help."""


class UnreadableAudio(FingerprintError):  # noqa: N818  (read where it is caught: "except TooShort")
    """The file is not audio, is damaged beyond reading, or has a format that the decoder does not know."""


class TooShort(FingerprintError):  # noqa: N818  (read where it is caught: "except TooShort")
    """There is less audio than a fingerprint needs."""


class TooLong(FingerprintError):  # noqa: N818  (read where it is caught: "except TooShort")
    """There is more audio than the limits allow. It is refused as a whole, never cut."""


class DecodeTimeout(FingerprintError):  # noqa: N818  (read where it is caught: "except TooShort")
    """Decoding took more time, by the clock or of CPU, than the limits allow."""


class DecodeCrashed(FingerprintError):  # noqa: N818  (read where it is caught: "except TooShort")
    """The decoder ended without an answer: it ran out of memory, or crashed in native code."""


class InvalidFingerprint(FingerprintError):  # noqa: N818  (read where it is caught: "except TooShort")
    """The bytes are not a fingerprint, are damaged, or belong to another version of the parameters."""


class InvalidIndex(FingerprintError):  # noqa: N818  (read where it is caught: "except TooShort")
    """A saved index is damaged, or belongs to another version of the format or of the parameters."""


class IndexUnavailable(Exception):  # noqa: N818  (read where it is caught)
    """The index cannot answer now; another try later may succeed. This never means "nothing found"."""


class IndexBusy(Exception):  # noqa: N818  (read where it is caught)
    """Another process is rebuilding or compacting the index."""
