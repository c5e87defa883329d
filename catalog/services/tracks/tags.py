"""Tags of an audio file, as the confined decoder read them: hostile values are cut and cleaned, never trusted."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

MAX_TEXT_CHARS = 255
# Control characters of ASCII and Latin-1, ends of lines, and what turns the direction of the text behind it.
CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]+")
_ISRC = re.compile(r"^[A-Z]{2}[A-Z0-9]{3}\d{7}$")
_ISRC_NAMES = ("isrc", "tsrc")  # ID3 has its own name for it
_NAMED = frozenset({"title", "artist", "album", *_ISRC_NAMES})


@dataclass(frozen=True)
class FileTags:
    """What a file's tags say; empty strings if they say nothing."""

    title: str = ""
    artist: str = ""
    album: str = ""
    isrc: str = ""
    others: dict[str, str] = field(default_factory=dict)


def clean_text(value: str) -> str:
    """Return one line of text without control characters or lone surrogates, at most `MAX_TEXT_CHARS` long."""
    text = value.encode("utf-8", "replace").decode("utf-8")
    return CONTROL.sub(" ", text).strip()[:MAX_TEXT_CHARS]


def isrc_of(text: str) -> str:
    """Return an ISRC as it is stored, without spaces and hyphens; empty if `text` is not one."""
    isrc = re.sub(r"[\s-]", "", text).upper()
    return isrc if _ISRC.match(isrc) else ""


def file_tags(raw: Mapping[str, str]) -> FileTags:
    """Return a file's tags, cleaned, from the decoder's names and values."""
    pairs = {clean_text(name): clean_text(value) for name, value in raw.items()}
    isrc = next((isrc_of(pairs[name]) for name in _ISRC_NAMES if name in pairs), "")
    return FileTags(
        title=pairs.get("title", ""),
        artist=pairs.get("artist", ""),
        album=pairs.get("album", ""),
        isrc=isrc,
        others={name: value for name, value in pairs.items() if name not in _NAMED and value},
    )
