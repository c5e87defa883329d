"""Why a piece of an upload is not taken."""

from catalog.services.errors import CatalogError


class UploadError(CatalogError):
    """Base: the upload stays as it was."""


class UploadBusyError(UploadError):
    """Another call is sending to this upload, or ending it."""


class UploadEndedError(UploadError):
    """The upload was refused, or its part was lost: it must be begun again."""


class WrongOffsetError(UploadError):
    """The piece does not begin at the upload's offset."""


class WrongChecksumError(UploadError):
    """The piece does not match its checksum."""


class TooManyBytesError(UploadError):
    """The piece is longer than the rest of the upload."""


class BrokenOffError(UploadError):
    """The sender went away; what had arrived is kept."""
