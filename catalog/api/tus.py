"""The headers of tus 1.0, and its refusals."""

import base64
import binascii
import re
from typing import Any

from rest_framework import serializers, status
from rest_framework.exceptions import APIException
from rest_framework.request import Request

from catalog.services.uploads import errors
from catalog.services.uploads.resumable import ALGORITHMS, Checksum

PROTOCOL = "1.0.0"  # of tus
EXTENSIONS = "creation,checksum,termination,expiration"
PIECE = "application/offset+octet-stream"
MOST_METADATA = 4096
_NUMBER = re.compile(r"\d{1,15}", re.ASCII)
NAMES = ("filename", "name")


class TusRefusal(APIException):
    """A refusal with a status that the protocol sets."""

    def __init__(self, code: int, words: str, *, wait: int | None = None) -> None:
        super().__init__(words)
        self.status_code = code
        if wait is not None:
            self.wait = wait


_STATUS = {
    errors.UploadBusyError: status.HTTP_423_LOCKED,
    errors.UploadEndedError: status.HTTP_410_GONE,
    errors.WrongOffsetError: status.HTTP_409_CONFLICT,
    errors.WrongChecksumError: 460,
    errors.TooManyBytesError: status.HTTP_413_REQUEST_ENTITY_TOO_LARGE,
    errors.BrokenOffError: status.HTTP_400_BAD_REQUEST,
}


def refusal(error: errors.UploadError) -> TusRefusal:
    """Return the answer for a part that was refused."""
    code = next(code for kind, code in _STATUS.items() if isinstance(error, kind))
    return TusRefusal(code, str(error), wait=1 if code in (status.HTTP_409_CONFLICT, status.HTTP_423_LOCKED) else None)


def require_version(request: Request) -> None:
    """Refuse a client that speaks another version of the protocol, or names none."""
    if request.headers.get("Tus-Resumable") != PROTOCOL:
        raise TusRefusal(status.HTTP_412_PRECONDITION_FAILED, f"Send the header Tus-Resumable: {PROTOCOL}.")


def number_of(request: Request, header: str) -> int:
    """Return a header's number of bytes."""
    text = request.headers.get(header, "")
    if not _NUMBER.fullmatch(text):
        raise _wrong(header, "This must be a number of bytes.")
    return int(text)


def file_name_of(request: Request) -> str:
    """Return the file's name from `Upload-Metadata`; empty if it has none."""
    pairs = _pairs(metadata_of(request))
    return next((pairs[name] for name in NAMES if pairs.get(name)), "")


def metadata_of(request: Request) -> str:
    """Return `Upload-Metadata` as it is."""
    text = request.headers.get("Upload-Metadata", "")
    if len(text) > MOST_METADATA:
        raise _wrong("Upload-Metadata", f"This is longer than {MOST_METADATA} characters.")
    return text


def _pairs(text: str) -> dict[str, str]:
    pairs = {}
    for pair in filter(None, (part.strip() for part in text.split(","))):
        name, _, value = pair.partition(" ")
        pairs[name] = _decoded("Upload-Metadata", value).decode("utf-8", "replace")
    return pairs


def checksum_of(request: Request) -> Checksum | None:
    """Return the checksum that the part must have; None if the client sends none."""
    text = request.headers.get("Upload-Checksum")
    if text is None:
        return None
    algorithm, _, digest = text.partition(" ")
    if algorithm not in ALGORITHMS:
        raise TusRefusal(status.HTTP_400_BAD_REQUEST, f"Upload-Checksum must use one of {', '.join(ALGORITHMS)}.")
    return Checksum(algorithm, _decoded("Upload-Checksum", digest))


def _decoded(header: str, value: str) -> bytes:
    try:
        return base64.b64decode(value.strip(), validate=True)
    except (binascii.Error, ValueError) as error:
        raise _wrong(header, "This must be Base64.") from error


def _wrong(header: str, words: str) -> serializers.ValidationError:
    detail: dict[str, Any] = {header: [words]}
    return serializers.ValidationError(detail)
