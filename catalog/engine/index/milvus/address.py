"""Where a Milvus cluster is, and the name of the index in it."""

import re
from dataclasses import dataclass, field
from typing import Self
from urllib.parse import unquote, urlsplit

_SCHEMES = {"milvus": "http", "milvus+tls": "https"}
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,29}")
_PORT = 19530


@dataclass(frozen=True)
class MilvusAddress:
    """What a client needs to connect. ``uri``: http or https; ``name``: of the index; ``timeout_s``: of each call."""

    uri: str
    user: str
    password: str = field(repr=False)
    name: str
    timeout_s: float

    @classmethod
    def parse(cls, text: str, *, timeout_s: float) -> Self:
        """Read ``milvus://user:password@host:port/name``, or ``milvus+tls://…`` for a cluster with TLS.

        ``ValueError`` says what is wrong in words for a person; it never has the password in it.
        """
        parts = urlsplit(text)
        name = parts.path.removeprefix("/")
        if parts.scheme not in _SCHEMES or not parts.hostname or parts.query or parts.fragment:
            raise ValueError("It must be milvus://user:password@host:port/name, or milvus+tls://….")
        if not _NAME.fullmatch(name):
            raise ValueError("The name at its end must be a letter and up to 29 letters, digits and underscores.")
        if not parts.username or not parts.password:
            raise ValueError("It must name a user and a password: Milvus listens on every interface.")
        host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
        uri = f"{_SCHEMES[parts.scheme]}://{host}:{parts.port or _PORT}"
        return cls(uri, unquote(parts.username), unquote(parts.password), name, timeout_s)
