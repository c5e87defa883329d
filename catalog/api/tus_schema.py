"""What the schema says of tus: its headers, and who refuses what."""

from drf_spectacular.utils import OpenApiParameter

from catalog.api import tus
from catalog.api.openapi import error
from catalog.services.uploads.resumable import ALGORITHMS

NO_UPLOAD = "You have no upload with this id."
NO_SUCH_UPLOAD = {404: error("The caller has no such upload; or the key is unknown or revoked", NO_UPLOAD)}
BUSY = error("Another call is sending to this upload; see Retry-After", "Another call is sending to this upload.")
OTHER_VERSION = error("Another version of tus, or none", f"Send the header Tus-Resumable: {tus.PROTOCOL}.")
TUS = {412: OTHER_VERSION}
_TEXT = {"type": "string"}


def _header(name: str, words: str, *, required: bool = False) -> OpenApiParameter:
    return OpenApiParameter(name, _TEXT, OpenApiParameter.HEADER, required=required, description=words)


VERSION = _header("Tus-Resumable", f"The version of tus: {tus.PROTOCOL}", required=True)
CREATION = [
    VERSION,
    _header("Upload-Length", "The file's size in bytes", required=True),
    _header("Upload-Metadata", "`filename`, a space, and the name in Base64"),
]
PIECE = [
    VERSION,
    _header("Upload-Offset", "Where the piece begins: the bytes received so far", required=True),
    _header("Upload-Checksum", f"{', '.join(ALGORITHMS)}, a space, and the piece's digest in Base64"),
]
PIECE_REFUSALS = {
    400: error("The piece broke off, or its checksum's algorithm is unknown", "The piece broke off."),
    409: error("The piece does not begin at the upload's offset", "The upload's offset is 1000, not 0."),
    410: error("The upload has ended", "This upload has ended."),
    413: error("More than the upload's size", "The piece is longer than the rest of the upload."),
    415: error("Not a piece of a file", f"Send the piece as {tus.PIECE}."),
    423: BUSY,
    460: error("The piece does not match its checksum", "The piece does not match its checksum. Send it again."),
}
