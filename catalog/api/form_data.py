"""Bodies of multipart/form-data, with the names of files as they were sent.

Django's parser takes a name for HTML (`&notin` becomes a sign), leaves out what Python does not print (a no-break
space, the joiners of Persian and of emoji), keeps the `%22` that browsers write for a quotation mark, and does not see
a part whose header is no UTF-8. Its cutting of the body at the boundaries is used here as it is.
"""

import base64
import binascii
import contextlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote_to_bytes

from django.conf import settings
from django.core.exceptions import RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent
from django.core.files.uploadhandler import StopUpload, TemporaryFileUploadHandler
from django.http import QueryDict
from django.http.multipartparser import ChunkIter, InterBoundaryIter, LazyStream, MultiPartParserError
from django.utils.datastructures import MultiValueDict

from catalog.services.tracks.file_names import decoded

MAX_HEADER_BYTES = 16 * 1024  # of one part
_PARAMETER = re.compile(rb';\s*([^\s=;"]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^;]*))', re.DOTALL)
_ESCAPED = re.compile(rb'\\(["\\])')  # as RFC 7578's older senders write them
_PERCENT = {b"%22": b'"', b"%0D": b"\r", b"%0A": b"\n"}  # as browsers do (WHATWG), which escape nothing else
_SECTION = re.compile(r"filename\*(\d{1,2})(\*?)")  # of a name in several pieces (RFC 2231)


@dataclass(frozen=True)
class Part:
    """What the header of one part says."""

    name: str
    file_name: str | None  # None: a field
    content_type: str = ""
    is_base64: bool = False


class FormData:
    """Reads one body: fields into memory, files through the handler."""

    def __init__(self, stream: Any, boundary: bytes, handler: TemporaryFileUploadHandler, encoding: str) -> None:
        self._stream, self._boundary, self._handler, self._encoding = stream, boundary, handler, encoding
        self._post = QueryDict(mutable=True, encoding=encoding)
        self._files: MultiValueDict[str, Any] = MultiValueDict()
        self._field_bytes = self._fields = self._file_count = 0
        self._open: tuple[str, int] | None = None  # name and bytes of a file whose end, the next boundary, is not seen

    def parse(self) -> tuple[QueryDict, MultiValueDict[str, Any]]:
        """Return the fields and the files; where the handler stops, those that were there before.

        Raises:
            MultiPartParserError: a header is too long, or a file's base64 is none.
            SuspiciousOperation: more or larger fields, or more files, than the settings allow.

        """
        try:
            self._read_parts()
        except StopUpload:
            self._close_open_file()
        except BaseException:
            self._close_open_file()
            for file in (file for _, files in self._files.lists() for file in files):
                file.close()
            raise
        self._post._mutable = False  # noqa: SLF001  (as Django's own parser ends)
        return self._post, self._files

    def _read_parts(self) -> None:
        chunks = ChunkIter(self._stream, self._handler.chunk_size)
        for content in InterBoundaryIter(LazyStream(chunks), b"--" + self._boundary):
            self._complete_file()
            part = part_of(_header(content), encoding=self._encoding)
            if part is None:
                _read_over(content)
            elif part.file_name is None:
                self._read_field(part, content)
            else:
                self._read_file(part, content)
        if self._open:
            self._handler.upload_interrupted()
            self._close_open_file()
        _read_over(chunks)

    def _read_field(self, part: Part, content: LazyStream) -> None:
        self._fields += 1
        if self._fields > settings.DATA_UPLOAD_MAX_NUMBER_FIELDS:
            raise TooManyFieldsSent("The form has too many fields.")
        most = settings.DATA_UPLOAD_MAX_MEMORY_SIZE - self._field_bytes
        value = content.read(most + 1)
        self._field_bytes += len(value) + len(part.name) + 2
        if self._field_bytes > settings.DATA_UPLOAD_MAX_MEMORY_SIZE:
            raise RequestDataTooBig("The fields of the form are too large.")
        if part.is_base64:
            with contextlib.suppress(binascii.Error):
                value = base64.b64decode(value)
        self._post.appendlist(part.name, value.decode(self._encoding, "replace"))

    def _read_file(self, part: Part, content: Iterable[bytes]) -> None:
        self._file_count += 1
        if self._file_count > settings.DATA_UPLOAD_MAX_NUMBER_FILES:
            raise TooManyFilesSent("The form has too many files.")
        self._handler.new_file(part.name, part.file_name or "", part.content_type, None, None, None)
        self._open = (part.name, 0)
        for chunk in _from_base64(content) if part.is_base64 else content:
            self._handler.receive_data_chunk(chunk, self._open[1])
            self._open = (part.name, self._open[1] + len(chunk))

    def _complete_file(self) -> None:
        if self._open:
            name, size = self._open
            self._files.appendlist(name, self._handler.file_complete(size))
            self._open = None

    def _close_open_file(self) -> None:
        if self._open:
            self._handler.file.close()
            self._open = None


def _read_over(chunks: Iterable[bytes]) -> None:
    for _ in chunks:
        pass


def _header(content: LazyStream) -> bytes:
    """Read a part's header; empty for what has none, such as what is before the first boundary."""
    read = content.read(MAX_HEADER_BYTES)
    end = read.find(b"\r\n\r\n")
    if end < 0:
        if len(read) == MAX_HEADER_BYTES:
            raise MultiPartParserError(f"The header of a part is larger than {MAX_HEADER_BYTES} bytes.")
        return b""
    content.unget(read[end + 4 :])
    return read[:end]


def _from_base64(chunks: Iterable[bytes]) -> Iterator[bytes]:
    rest = b""
    for chunk in chunks:
        text = rest + b"".join(chunk.split())
        whole = len(text) // 4 * 4
        rest = text[whole:]
        try:
            yield base64.b64decode(text[:whole])
        except binascii.Error as error:
            raise MultiPartParserError("The base64 of a file cannot be decoded.") from error
    if rest:
        raise MultiPartParserError("The base64 of a file is incomplete.")


def part_of(header: bytes, *, encoding: str = "utf-8") -> Part | None:
    """Read the header of a part; None where it is no part of a form."""
    lines = dict(_lines(header))
    disposition = lines.get(b"content-disposition", b"")
    values = {
        name.decode("latin-1").lower(): plain.strip().strip(b'"') if plain else _unquoted(quoted)
        for name, quoted, plain in _PARAMETER.findall(disposition)
    }
    if "name" not in values:
        return None
    file_name = _file_name(values, encoding)
    return Part(
        name=decoded(values["name"], encoding=encoding).strip(),
        file_name=file_name,
        content_type=lines.get(b"content-type", b"").decode("latin-1").strip(),
        is_base64=lines.get(b"content-transfer-encoding", b"").strip().lower() == b"base64",
    )


def _lines(header: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield the names and values of a header, whose lines may go on in the next with a space before it."""
    for line in re.sub(rb"\r\n[ \t]+", b" ", header).split(b"\r\n"):
        name, colon, value = line.partition(b":")
        if colon:
            yield name.strip().lower(), value


def _unquoted(value: bytes) -> bytes:
    value = _ESCAPED.sub(rb"\1", value)
    for escape, byte in _PERCENT.items():
        value = value.replace(escape, byte)
    return value


def _file_name(values: dict[str, bytes], encoding: str) -> str | None:
    """Return the name of a part's file, in its own encoding where it names one; None where it has none."""
    sections = sorted(
        (int(match[1]), match[2], value) for name, value in values.items() if (match := _SECTION.fullmatch(name))
    )
    if extended := values.get("filename*"):
        return _extended(extended)
    if sections:
        joined = b"".join(unquote_to_bytes(value) if star else value for _, star, value in sections)
        return _named_encoding(joined) if sections[0][1] else decoded(joined, encoding=encoding)
    plain = values.get("filename")
    return decoded(plain, encoding=encoding) if plain else None


def _extended(value: bytes) -> str:
    """Decode `UTF-8'en'na%C3%AFve.mp3` (RFC 5987)."""
    encoding, _, rest = value.partition(b"'")
    return _named_encoding(encoding + b"'" + unquote_to_bytes(rest))


def _named_encoding(value: bytes) -> str:
    """Decode a value with its encoding and language before it; one without them is taken as it is."""
    encoding, quote, rest = value.partition(b"'")
    _, second, text = rest.partition(b"'")
    return decoded(text, encoding=encoding.decode("latin-1") or "utf-8") if quote and second else decoded(value)
