"""Causes of failed callbacks: failures of one cause are cured the same way, and sent again together."""

from django.db.models import TextChoices


class Cause(TextChoices):
    """The cause of a failed attempt; the label says what happened. An accepted attempt has none."""

    HOST = "host", "The host name is unknown"
    ADDRESS = "address", "The URL may not be called"
    REFUSED = "refused", "The receiver refused the connection"
    CLOSED = "closed", "The receiver closed the connection before it answered"
    TIMEOUT = "timeout", "The receiver did not answer in time"
    TLS = "tls", "The TLS connection failed"
    NOT_HTTP = "not_http", "The answer is not HTTP"
    REDIRECT = "redirect", "The receiver moved the URL (3xx)"
    LOGIN = "login", "The receiver does not let callbacks in (401, 403)"
    PATH = "path", "The receiver does not take callbacks at this path (404, 405, 410)"
    REJECTED = "rejected", "The receiver refused the callback (4xx)"
    BUSY = "busy", "The receiver asked for fewer calls (429)"
    GATEWAY = "gateway", "A gateway did not reach the receiver (502, 503, 504)"
    SERVER = "server", "The receiver met an error of its own (5xx)"
    WORKER = "worker", "A worker of this service stopped"
    DISABLED = "disabled", "The URL was disabled"
    UNVERIFIED = "unverified", "The URL was not verified in time"
    OTHER = "other", "Another cause"


_ADVICE = {
    Cause.HOST: "Look for a typing error in the host, and at its DNS entry. Then send these again.",
    Cause.ADDRESS: "Set a URL with a public address, or allow this one in WEBHOOK_ALLOWED_PRIVATE_HOSTS.",
    Cause.REFUSED: "Start the receiver, or correct the port. Then send these again.",
    Cause.CLOSED: "Look at the receiver's log for a crash. Then send these again.",
    Cause.TIMEOUT: "Let the receiver answer first and work afterwards. Then send these again.",
    Cause.TLS: "Renew or complete the receiver's certificate. Then send these again.",
    Cause.NOT_HTTP: "Check the port, and whether the receiver expects https. Then send these again.",
    Cause.REDIRECT: "Set the new address as the callback URL. Callbacks follow no redirect.",
    Cause.LOGIN: "Add the receiver's credentials to the URL's headers, or open its firewall. Then send these again.",
    Cause.PATH: "Look for a typing error in the path. Then send these again.",
    Cause.REJECTED: "The answers say what the receiver did not like. Correct the receiver, then send these again.",
    Cause.BUSY: "The receiver takes too few calls a minute. Raise its limit, then send these again.",
    Cause.GATEWAY: "Start the receiver behind the gateway. Then send these again.",
    Cause.SERVER: "The receiver's log says what went wrong. Correct it, then send these again.",
    Cause.WORKER: "Look at the log of the callback workers. Then send these again.",
    Cause.DISABLED: "Choose “Verify again” once the receiver works. Then send these again.",
    Cause.UNVERIFIED: "Choose “Verify again” once the receiver works. Then send these again.",
    Cause.OTHER: "Open one of them to see what happened.",
}
_OF_STATUS = {
    **dict.fromkeys((401, 403, 407), Cause.LOGIN),
    **dict.fromkeys((404, 405, 410), Cause.PATH),
    429: Cause.BUSY,
    **dict.fromkeys((502, 503, 504), Cause.GATEWAY),
}
_OF_HUNDREDS = {3: Cause.REDIRECT, 4: Cause.REJECTED, 5: Cause.SERVER}


def of_status(status: int) -> Cause:
    """Return the cause for a response with this status, which is no success."""
    return _OF_STATUS.get(status) or _OF_HUNDREDS.get(status // 100, Cause.OTHER)


def cause_words(cause: str) -> str:
    """Return what happened, in words; for a cause that this version does not know, that it is another one."""
    return str(Cause(cause).label) if cause in Cause.values else str(Cause.OTHER.label)


def advice(cause: str) -> str:
    """Return what to do about the cause."""
    return _ADVICE[Cause(cause) if cause in Cause.values else Cause.OTHER]
