"""Tags out of an audio file, by mutagen; hostile values are cut and cleaned, never trusted."""

import re
from dataclasses import dataclass, field
from pathlib import Path

import mutagen
import structlog

MAX_TAG_CHARS = 255
MAX_TAGS = 40
_CONTROL = re.compile(r"[\x00-\x1f\x7f]+")
_ISRC = re.compile(r"^[A-Z]{2}[A-Z0-9]{3}\d{7}$")
_NAMED = frozenset({"title", "artist", "album", "isrc"})
log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class FileTags:
    """What a file says of itself; empty strings where it says nothing."""

    title: str = ""
    artist: str = ""
    album: str = ""
    isrc: str = ""
    others: dict[str, str] = field(default_factory=dict)


def clean_text(value: object) -> str:
    """Return one line of text without control characters or lone surrogates, at most `MAX_TAG_CHARS` long."""
    text = str(value).encode("utf-8", "replace").decode("utf-8")
    return _CONTROL.sub(" ", text).strip()[:MAX_TAG_CHARS]


def read_tags(path: Path) -> FileTags:
    """Read the common tags of `path`. A file whose tags cannot be read has none: that is no reason to refuse it."""
    try:
        parsed = mutagen.File(path, easy=True)
    except Exception as error:  # noqa: BLE001  (mutagen raises many kinds on hostile bytes)
        log.info("tags_unreadable", reason=type(error).__name__)
        return FileTags()
    if parsed is None or not parsed.tags:
        return FileTags()
    return _from_pairs(_pairs(parsed.tags))


def _pairs(tags: object) -> dict[str, str]:
    """Flatten mutagen's mapping to one text a name; pictures and other binary values are left out."""
    pairs: dict[str, str] = {}
    for name, values in tags.items() if hasattr(tags, "items") else ():
        first = values[0] if isinstance(values, list) and values else values
        if isinstance(first, str) and len(pairs) < MAX_TAGS and "picture" not in str(name):
            pairs[clean_text(name).lower()] = clean_text(first)
    return pairs


def _from_pairs(pairs: dict[str, str]) -> FileTags:
    isrc = re.sub(r"[\s-]", "", pairs.get("isrc", "")).upper()
    return FileTags(
        title=pairs.get("title", ""),
        artist=pairs.get("artist", ""),
        album=pairs.get("album", ""),
        isrc=isrc if _ISRC.match(isrc) else "",
        others={name: value for name, value in pairs.items() if name not in _NAMED and value},
    )
