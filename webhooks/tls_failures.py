"""TLS failures on the way to a receiver, in words and with what to look for."""

import re
import ssl

_NOT_VALID = "The receiver's certificate is not valid"
_UNKNOWN_ISSUER = "its issuer is not known here, or the receiver leaves out the certificates in between."
# By OpenSSL's codes (x509_vfy.h).
_CERTIFICATE_WORDS = {
    9: "it is not valid yet, or a clock is wrong.",
    10: "it has expired.",
    18: "it is self-signed, so nobody vouches for it.",
    19: "the last certificate of its chain is not trusted here.",
    20: _UNKNOWN_ISSUER,
    21: _UNKNOWN_ISSUER,
    23: "it was revoked.",
}
_NO_TLS = "The receiver does not speak TLS on this port. The URL may need http://, or another port."
_NO_VERSION = "The receiver and this service have no version of TLS in common."
_NO_CIPHER = "The receiver ended the TLS handshake: there is no cipher in common, or it wants a client certificate."
_CLOSED = "The receiver closed the connection during the TLS handshake."
_REASON_WORDS = {
    "WRONG_VERSION_NUMBER": _NO_TLS,
    "HTTP_REQUEST": _NO_TLS,
    "RECORD_LAYER_FAILURE": _NO_TLS,
    "UNSUPPORTED_PROTOCOL": _NO_VERSION,
    "TLSV1_ALERT_PROTOCOL_VERSION": _NO_VERSION,
    "SSLV3_ALERT_HANDSHAKE_FAILURE": _NO_CIPHER,
    "TLSV13_ALERT_CERTIFICATE_REQUIRED": "The receiver wants a client certificate, and callbacks have none.",
    "TLSV1_UNRECOGNIZED_NAME": "The receiver does not know the URL's host name.",
    "UNEXPECTED_EOF_WHILE_READING": _CLOSED,
}


def handshake_words(error: ssl.SSLError) -> str:
    """Return why no TLS connection was made."""
    if isinstance(error, ssl.SSLCertVerificationError):
        words = _CERTIFICATE_WORDS.get(error.verify_code, f"it failed a check (OpenSSL's error {error.verify_code}).")
        return f"{_NOT_VALID}: {words}"
    if isinstance(error, ssl.SSLEOFError):
        return _CLOSED
    return _REASON_WORDS.get(error.reason, f"The TLS handshake failed ({error.reason or type(error).__name__}).")


def name_words(error: BaseException) -> str:
    """Return for which names a certificate is valid, from the error of a client that checked the names alone."""
    names = re.findall(r"'([^']+)'", str(error).partition(" match ")[2])
    return f"{_NOT_VALID}: it is for {', '.join(names) or 'no name'}, not for the URL's host."
