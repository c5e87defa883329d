"""HTTP's interim answers (RFC 9110, 15.2): heads that come before the real answer."""

from http import HTTPStatus
from http.client import HTTPException, HTTPResponse, parse_headers

MOST_INTERIM = 20  # a receiver sends one or two; one that goes on and on never answers


class TooManyInterimError(HTTPException):
    """Only interim answers came; the message says so, for a person."""


class FinalResponse(HTTPResponse):
    """Skips interim heads of every kind. Python's own class skips 100 only, and takes 103 for the answer.

    101 ends an exchange: whoever switches protocols unasked has answered.
    """

    def _read_status(self) -> tuple[str, int, str]:
        for _ in range(MOST_INTERIM + 1):
            version, status, reason = super()._read_status()  # type: ignore[misc]
            if status >= HTTPStatus.OK or status == HTTPStatus.SWITCHING_PROTOCOLS:
                return version, status, reason
            parse_headers(self.fp)
        raise TooManyInterimError(f"The receiver sent more than {MOST_INTERIM} interim answers.")
