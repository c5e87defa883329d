"""Why a part of an upload is refused."""

from catalog.services.errors import CatalogError


class UploadError(CatalogError):
    """Base class: the upload stays as it was."""


class UploadBusyError(UploadError):
    """Another call is sending to this upload, or completing it."""


class UploadEndedError(UploadError):
    """The upload was refused, or its bytes are lost: the client must begin a new one."""


class WrongOffsetError(UploadError):
    """The part does not begin at the upload's offset."""


class WrongChecksumError(UploadError):
    """The part does not match its checksum."""


class TooManyBytesError(UploadError):
    """The part is longer than the rest of the upload."""


class BrokenOffError(UploadError):
    """The sender disconnected; what had arrived is kept."""
