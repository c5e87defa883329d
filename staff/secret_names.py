"""What is a secret by its name: the one list, of fields in the audit trail and in forms, and of headers of requests."""

import re

_SECRET = re.compile(
    r"secret|sealed|password|passwd|hash|token|payload|authorization|cookie|signature|credential|session|jwt|csrf|xsrf"
    r"|apikey|(?:^|[-_])(?:auth|key)(?:[-_]|$)",  # not "author", nor "monkey"
    re.IGNORECASE,
)


def names_a_secret(name: str) -> bool:
    """Return whether the value under this name is to be hidden from everyone."""
    return _SECRET.search(name) is not None
