"""What went wrong on the way to a receiver, in words for the people who look at the attempt."""

import ssl
from collections.abc import Iterator
from http.client import HTTPException
from socket import gaierror

from requests.exceptions import SSLError
from urllib3.exceptions import HTTPError

from webhooks.storable import storable

MOST_CHARACTERS = 300
# The first that is found among an error and its causes; what is more special comes first.
_WORDS: tuple[tuple[type[BaseException], str], ...] = (
    (gaierror, "The host name is unknown."),
    (ConnectionRefusedError, "The receiver refused the connection."),
    (ConnectionError, "The receiver closed the connection before it answered."),
)


def in_words(error: BaseException) -> str:
    """Return why no answer came; for what is rare, in the words of the library that met it."""
    causes = list(_causes(error))
    for cause in causes:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return f"The receiver's certificate is not valid: {cause.verify_message}"
        if isinstance(cause, ssl.SSLError):
            return f"The TLS handshake failed: {cause.reason or short(cause)}"
    if isinstance(error, SSLError):  # the name alone was looked at, by urllib3
        return f"The receiver's certificate is not valid: {short(causes[-1])}"
    for kind, words in _WORDS:
        if any(isinstance(cause, kind) for cause in causes):
            return words
    if any(isinstance(cause, HTTPException) for cause in causes):
        return f"The receiver's answer is not HTTP: {short(causes[-1])}"
    return f"The receiver did not answer: {short(causes[-1])}"


def short(error: BaseException) -> str:
    """Return an error's own text, cut to a line that a row can keep."""
    return storable(str(error)[:MOST_CHARACTERS]) or type(error).__name__


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Go through an error and those that it wraps: requests and urllib3 keep them as arguments or as the reason."""
    seen: set[int] = set()
    waiting: list[object] = [error]
    while waiting:
        found = waiting.pop(0)
        if not isinstance(found, BaseException) or id(found) in seen:
            continue
        seen.add(id(found))
        yield found
        waiting += [found.__cause__, found.__context__, *found.args]
        if isinstance(found, HTTPError):
            waiting.append(getattr(found, "reason", None))
