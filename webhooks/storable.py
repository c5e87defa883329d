"""Text from outside, made safe to store."""


def storable(text: str) -> str:
    """Return `text` without NULs, which PostgreSQL refuses, and without lone surrogates, which no encoding takes."""
    return text.replace("\0", "\ufffd").encode("utf-8", "replace").decode("utf-8")
