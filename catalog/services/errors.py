"""What services refuse; the messages are for people."""

from staff.errors import RefusedError


class CatalogError(RefusedError):
    """Base of the catalog's refusals; the message is for the person who asked."""


class UploadRefusedError(CatalogError):
    """The uploaded file cannot become a track."""


class NotReachableError(CatalogError):
    """A store or an engine that the service needs does not answer now; the same call may succeed later."""


class NotOurStoreError(NotReachableError):
    """Another deployment owns the store of uploaded files."""


class FingerprintOutdatedError(CatalogError):
    """A client made the fingerprint with other parameters; only the client can make a new one."""


class TrackGoneError(CatalogError):
    """The track was removed, or its file is missing from the store."""
