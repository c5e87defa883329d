"""The names that mark a value as secret, for the audit trail, for forms and for headers."""

import re

_SECRET = re.compile(
    r"secret|sealed|password|passwd|hash|token|payload|authorization|cookie|signature|credential|session|jwt|csrf|xsrf"
    r"|apikey|(?:^|[-_])(?:auth|key)(?:[-_]|$)",  # not "author", nor "monkey"
    re.IGNORECASE,
)


def names_a_secret(name: str) -> bool:
    """Tell whether the value under this name must be hidden from everyone."""
    return _SECRET.search(name) is not None
