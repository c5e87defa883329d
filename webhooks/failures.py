"""What went wrong on the way to a receiver, in words for people who read the attempt."""

import ssl
from collections.abc import Iterator
from http.client import HTTPException
from socket import gaierror

from requests.exceptions import SSLError
from urllib3.exceptions import HTTPError

from webhooks.causes import Cause
from webhooks.interim import TooManyInterimError
from webhooks.look_up import LookUpTooLongError
from webhooks.tls_failures import handshake_words, name_words

# The first that is found among an error and its causes; what is more special comes first.
_NOT_HTTP = "The receiver's answer is not HTTP. Another program may listen on this port, or it expects https."
_WORDS: tuple[tuple[type[BaseException], Cause, str], ...] = (
    (gaierror, Cause.HOST, "The host name is unknown."),
    (ConnectionRefusedError, Cause.REFUSED, "The receiver refused the connection."),
    (ConnectionError, Cause.CLOSED, "The receiver closed the connection before it answered."),
    (HTTPException, Cause.NOT_HTTP, _NOT_HTTP),
)


def explained(error: BaseException) -> tuple[Cause, str]:
    """Return why no answer came: the cause, and the words."""
    causes = list(_causes(error))
    for cause in causes:
        if isinstance(cause, ssl.SSLError):
            return Cause.TLS, handshake_words(cause)
        if isinstance(cause, TooManyInterimError):
            return Cause.NOT_HTTP, str(cause)
        if isinstance(cause, LookUpTooLongError):
            return Cause.HOST, str(cause)
    if isinstance(error, SSLError):  # the name alone was looked at, by urllib3
        return Cause.TLS, name_words(causes[-1])
    for kind, cause_found, words in _WORDS:
        if any(isinstance(cause, kind) for cause in causes):
            return cause_found, words
    return Cause.OTHER, f"The receiver did not answer ({type(causes[-1]).__name__}). See the log of the workers."


# What a receiver means by its status, and what to do; the hundreds speak for what is not here.
_STATUS_WORDS = {
    301: "The receiver moved the URL. Callbacks follow no redirect: set the new address as the callback URL.",
    401: "The receiver wants a login. Put its credentials into the URL's own headers, or let callbacks in without.",
    403: "The receiver forbids the callback. Look for a firewall, or for a check of the sender's address.",
    404: "The receiver does not know this path. Look for a typing error in the callback URL.",
    405: "The receiver takes no POST at this path. Look for a typing error in the callback URL.",
    410: "The receiver says that this URL is gone for good.",
    413: "The receiver refused the body as too large. Raise the limit of its server.",
    429: "The receiver asks for fewer calls. The next attempt waits as long as it asked for.",
    502: "The gateway in front of the receiver did not reach it.",
    503: "The receiver is overloaded or down for a while.",
    504: "The receiver did not answer its gateway in time.",
}
_HUNDREDS = {
    1: "The receiver sent no final answer.",
    3: _STATUS_WORDS[301],
    4: "The receiver refused the callback. Its answer may say why.",
    5: "The receiver met an error of its own. Its log says which.",
}


def status_words(status: int | None) -> str:
    """Return what an unsuccessful status means and what to do; empty for a success and for no answer."""
    if status is None or 200 <= status < 300:
        return ""
    return _STATUS_WORDS.get(status) or _HUNDREDS.get(status // 100, "The receiver answered with an unknown status.")


def kinds_of(error: BaseException) -> list[str]:
    """Return the class names of an error and of its causes, for the log: their texts may have a receiver's words."""
    return [type(cause).__name__ for cause in _causes(error)]


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
