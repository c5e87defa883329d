"""What can go wrong, as a person would say it. Every class is a ``FingerprintError``; ``str(error)`` is the message."""


class FingerprintError(Exception):
    """Something about this audio or this fingerprint stops the work; trying again will not help."""


class UnreadableAudio(FingerprintError):
    """The file is not audio, is damaged beyond reading, or is in a format nothing here decodes."""


class TooShort(FingerprintError):
    """Less audio than a fingerprint needs."""


class TooLong(FingerprintError):
    """More audio than the limits allow; refused as a whole, never cut."""


class Silent(FingerprintError):
    """Digital silence, or so near to it that nothing can be told apart."""


class DecodeTimeout(FingerprintError):
    """Decoding took longer than the limits allow."""


class DecodeCrashed(FingerprintError):
    """The decoder ended without an answer (out of memory, out of CPU time, or a crash in native code)."""


class InvalidFingerprint(FingerprintError):
    """The bytes are not a fingerprint, are damaged, or belong to another version of the parameters."""


class InvalidIndex(FingerprintError):
    """A saved index is damaged, or belongs to another version of the format or of the parameters."""
