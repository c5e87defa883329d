"""A file's tags, read by mutagen; run by path in the decoder's own process, so it imports no neighbour.

Names are those that FFmpeg gives. Where mutagen does not know the container, or gives up, the decoder's own reading
remains. Its texts of unknown encoding keep their bytes as surrogates.
"""

import codecs
import contextlib
import importlib
import runpy
import signal
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO, Any

import mutagen
from mutagen.apev2 import APEv2
from mutagen.id3 import ID3, Encoding

# What mutagen loads when it is needed is loaded now: the confined process can open no file.
for _name in ("ascii", "latin_1", "utf_16", "utf_16_le", "utf_16_be"):
    codecs.lookup(_name)
for _name in (
    *("aac", "ac3", "aiff", "asf", "dsdiff", "dsf", "flac", "id3", "monkeysaudio", "mp3", "mp4", "musepack", "oggflac"),
    *("oggopus", "oggspeex", "oggtheora", "oggvorbis", "optimfrog", "smf", "tak", "trueaudio", "wave", "wavpack"),
):
    importlib.import_module(f"mutagen.{_name}")

MAX_TAGS = 40
MAX_TAG_NAME_CHARS = 40
MAX_TAG_CHARS = 255
MAX_VALUES = 20  # of one name
BETWEEN_VALUES = "; "
CPU_S = 1.0  # a tag of millions of entries must not keep the file from being taken

_TEXTS = runpy.run_path(str(Path(__file__).with_name("tag_text.py")))
_NAMES = {
    "TIT2": "title", "TPE1": "artist", "TALB": "album", "TPE2": "album_artist", "TSRC": "isrc", "TCON": "genre",
    "TDRC": "date", "TRCK": "track", "TPOS": "disc", "TCOM": "composer", "TPUB": "publisher", "TCOP": "copyright",
    "\xa9nam": "title", "\xa9art": "artist", "\xa9alb": "album", "aart": "album_artist", "\xa9gen": "genre",
    "\xa9day": "date", "trkn": "track", "disk": "disc", "\xa9wrt": "composer", "cprt": "copyright",
    "\xa9cmt": "comment", "albumartist": "album_artist", "album artist": "album_artist", "tracknumber": "track",
    "discnumber": "disc", "year": "date", "organization": "publisher", "description": "comment",
    "author": "artist", "wm/albumtitle": "album", "wm/albumartist": "album_artist", "wm/isrc": "isrc",
    "wm/genre": "genre", "wm/year": "date", "wm/tracknumber": "track", "wm/composer": "composer",
}  # fmt: skip
_PLAIN = frozenset(_NAMES.values())
Entries = Iterator[tuple[str, list[str | bytes]]]


def count_time() -> None:
    """Have this process signalled after every `CPU_S` seconds of CPU. It must be called before `confine`."""
    signal.signal(signal.SIGVTALRM, signal.SIG_IGN)
    signal.setitimer(signal.ITIMER_VIRTUAL, CPU_S, CPU_S)


def all_tags(file: IO[bytes], own: dict[str, str]) -> dict[str, str]:
    """The tags of `file` by name in small letters, cut to length. Several values of one name are joined in one text.

    `own`: the decoder's reading, which fills in what is missing.
    """
    found: dict[str, list[str | bytes]] = {}
    with contextlib.suppress(_TooLongError, MemoryError), _limited_time():
        for entries in (_of_container(file), _of_id3(file), _of_apev2(file)):
            _keep(found, entries)
    _keep(found, ((name, [_raw(value)]) for name, value in own.items()))
    return _as_text(found)


def _keep(found: dict[str, list[str | bytes]], entries: Entries | Iterable[tuple[str, list[str | bytes]]]) -> None:
    """Add what is not there yet. A damaged tag ends its source: what was read of it stays."""
    with contextlib.suppress(Exception):  # mutagen raises whatever its parsing meets
        for name, values in entries:
            kept = [
                value[: 4 * MAX_TAG_CHARS] for value in values[:MAX_VALUES] if value and "\ufffd" not in _shown(value)
            ]
            if kept and len(found) < MAX_TAGS:
                found.setdefault(name[:MAX_TAG_NAME_CHARS].lower(), kept)


def _as_text(found: dict[str, list[str | bytes]]) -> dict[str, str]:
    legacy = {raw for values in found.values() for raw in values if isinstance(raw, bytes)}
    texts = dict(zip(legacy, _TEXTS["decoded"](legacy), strict=True))
    return {
        name: BETWEEN_VALUES.join(texts[value] if isinstance(value, bytes) else value for value in values)[
            :MAX_TAG_CHARS
        ]
        for name, values in found.items()
    }


def _shown(value: str | bytes) -> str:
    return value if isinstance(value, str) else ""


def _raw(value: str) -> str | bytes:
    """A text of the decoder's, as bytes where it was no UTF-8."""
    had_bytes = any("\udc80" <= letter <= "\udcff" for letter in value)
    return value.encode("utf-8", "surrogateescape") if had_bytes else value


def _of_container(file: IO[bytes]) -> Entries:
    file.seek(0)
    known = mutagen.File(file)
    tags = getattr(known, "tags", None)
    if isinstance(tags, ID3):
        yield from _id3_entries(tags)
    elif tags is not None:
        yield from _entries(tags)


def _of_id3(file: IO[bytes]) -> Entries:
    """ID3v2 in front or ID3v1 behind, of a container that mutagen does not look for them in, or a damaged one."""
    file.seek(0)
    reader: Any = ID3
    yield from _id3_entries(reader(file))


def _of_apev2(file: IO[bytes]) -> Entries:
    file.seek(0)
    reader: Any = APEv2
    yield from _entries(reader(file))


def _id3_entries(tags: Any) -> Entries:
    for frame in tags.values():
        name = _id3_name(frame)
        if name:
            texts = [str(text) for text in getattr(frame, "genres", None) or frame.text]
            yield name, [_legacy(text) if frame.encoding == Encoding.LATIN1 else text for text in texts]


def _id3_name(frame: Any) -> str:
    if frame.FrameID == "TXXX":
        return str(frame.desc)
    if frame.FrameID == "COMM":
        return "comment" if frame.desc in ("", "ID3v1 Comment") else ""
    return _NAMES.get(frame.FrameID, "")


def _legacy(text: str) -> str | bytes:
    """The bytes of a text that is said to be Latin-1 and often is not."""
    return text if text.isascii() else text.encode("latin-1", "replace")


def _entries(tags: Any) -> Entries:
    """Of Vorbis comments (with a list a name), MP4 atoms, APEv2 items, ASF attributes."""
    for name in tags.keys():  # noqa: SIM118  (Vorbis comments iterate over pairs)
        plain = str(name).removeprefix("----:com.apple.iTunes:").lower()
        known = _NAMES.get(plain, plain)
        texts = [text for value in _several(tags[name]) for text in _texts(value)]
        if known in _PLAIN or not plain.startswith(("----", "wm/", "\xa9")):
            yield known, texts


def _several(value: Any) -> list[Any]:
    return [value] if isinstance(value, str | bytes) or not hasattr(value, "__iter__") else list(value)


def _texts(value: Any) -> list[str | bytes]:
    if isinstance(value, tuple):  # a track's number among how many
        return ["/".join(str(number) for number in value if number)]
    value = getattr(value, "value", value)
    if isinstance(value, str):
        return [value]
    return [bytes(value)] if type(value).__name__ == "MP4FreeForm" else []


class _TooLongError(BaseException):
    """Not an `Exception`: mutagen and `_keep` suppress those."""


@contextlib.contextmanager
def _limited_time() -> Iterator[None]:
    """Raise `_TooLongError` after one to two times `CPU_S`."""
    ticks = []

    def tick(*_: object) -> None:
        ticks.append(1)
        if len(ticks) > 1:
            raise _TooLongError

    signal.signal(signal.SIGVTALRM, tick)
    try:
        yield
    finally:
        signal.signal(signal.SIGVTALRM, signal.SIG_IGN)
