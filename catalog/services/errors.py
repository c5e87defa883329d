"""What services refuse, in words for a person."""

from staff.errors import RefusedError


class CatalogError(RefusedError):
    """Base of the catalog's own refusals; its text is for the person who asked."""


class UploadRefusedError(CatalogError):
    """The uploaded file cannot become a track."""


class NotReachableError(CatalogError):
    """A store or an engine that the service needs does not answer now: the same may succeed a little later."""


class NotOurStoreError(NotReachableError):
    """The store of uploaded files belongs to another deployment."""


class FingerprintOutdatedError(CatalogError):
    """A client's fingerprint was made with other parameters: only the client can make it again."""


class TrackGoneError(CatalogError):
    """The track was removed, or its file is missing from the store."""
