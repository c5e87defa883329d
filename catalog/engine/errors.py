"""What can go wrong, as a person would say it. Every class is a ``FingerprintError``; ``str(error)`` is the message."""


class FingerprintError(Exception):
    """Something about this audio or this fingerprint stops the work; trying again will not help."""


class UnreadableAudio(FingerprintError):  # noqa: N818  (read where it is caught: "except TooShort")
    """The file is not audio, is damaged beyond reading, or is in a format nothing here decodes."""


class TooShort(FingerprintError):  # noqa: N818  (read where it is caught: "except TooShort")
    """Less audio than a fingerprint needs."""


class TooLong(FingerprintError):  # noqa: N818  (read where it is caught: "except TooShort")
    """More audio than the limits allow; refused as a whole, never cut."""


class DecodeTimeout(FingerprintError):  # noqa: N818  (read where it is caught: "except TooShort")
    """Decoding took longer than the limits allow."""


class DecodeCrashed(FingerprintError):  # noqa: N818  (read where it is caught: "except TooShort")
    """The decoder ended without an answer (out of memory, out of CPU time, or a crash in native code)."""


class InvalidFingerprint(FingerprintError):  # noqa: N818  (read where it is caught: "except TooShort")
    """The bytes are not a fingerprint, are damaged, or belong to another version of the parameters."""


class InvalidIndex(FingerprintError):  # noqa: N818  (read where it is caught: "except TooShort")
    """A saved index is damaged, or belongs to another version of the format or of the parameters."""


class IndexUnavailable(Exception):  # noqa: N818  (read where it is caught)
    """The index cannot answer now; another try later may find it back. Never the same as "nothing found"."""


class IndexBusy(Exception):  # noqa: N818  (read where it is caught)
    """Another process is rebuilding or compacting the index."""
