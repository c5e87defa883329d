"""Names of files as the sender wrote them, without control characters and otherwise unchanged."""

import contextlib
import os
import re
from pathlib import Path, PureWindowsPath

from catalog.services.audio.formats import ALL_ENDINGS
from catalog.services.tracks.tags import CONTROL, MAX_TEXT_CHARS

UNNAMED = "untitled"
_WINDOWS_PATH = re.compile(r"[A-Za-z]:\\|\\")


def decoded(raw: bytes, *, encoding: str = "utf-8") -> str:
    """Return the text of bytes with an unknown encoding: `encoding`, else UTF-8, else what browsers call Latin-1."""
    for name in (encoding, "utf-8"):
        with contextlib.suppress(UnicodeError, LookupError):
            return raw.decode(name)
    return raw.decode("cp1252", "ignore")


def plain_name(name: str) -> str:
    """Return the last part of a path as one line of text; `UNNAMED` if nothing is left.

    A name from the file system whose bytes are not UTF-8 is decoded as an upload's name is.
    """
    text = CONTROL.sub("", decoded(_bytes_of(name)) if _has_surrogates(name) else name)
    text = PureWindowsPath(text).name if _WINDOWS_PATH.match(text) else text.rsplit("/", 1)[-1]
    return UNNAMED if text.strip() in ("", ".", "..") else text


def shown(path: Path | str) -> str:
    """Return a path as text that every terminal and log can show."""
    return decoded(os.fsencode(path))


def ending_of(name: str) -> str:
    """Return the ending that says what the file is, in lower case, such as `.mp3`; empty if it has none."""
    stem, dot, ending = name.rpartition(".")
    known = f"{dot}{ending.lower()}"
    return known if stem and known in ALL_ENDINGS else ""


def title_of(name: str) -> str:
    """Return a plain name without its ending, cut to the length of a title."""
    return name[: len(name) - len(ending_of(name))][:MAX_TEXT_CHARS]


def _bytes_of(name: str) -> bytes:
    try:
        return name.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:  # surrogates that no file system gave
        return name.encode("utf-8", "replace")


def _has_surrogates(name: str) -> bool:
    return any("\ud800" <= character <= "\udfff" for character in name)
