"""Parsers of the contract's bodies, small JSON and one upload; they refuse in words what they cannot read."""

import io
from collections.abc import Mapping
from typing import IO, Any

from rest_framework.exceptions import ParseError
from rest_framework.parsers import DataAndFiles, JSONParser, MultiPartParser

MAX_BODY_BYTES = 64 * 1024


class SmallJSONParser(JSONParser):
    """DRF's parser, with a limit on size and depth."""

    def parse(
        self, stream: IO[bytes], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        """Return the body's value.

        Raises:
            ParseError: too large, not JSON, or nested too deeply.

        """
        body = stream.read(MAX_BODY_BYTES + 1)
        if len(body) > MAX_BODY_BYTES:
            raise ParseError(f"The body is larger than {MAX_BODY_BYTES // 1024} kB.")
        try:
            return super().parse(io.BytesIO(body), media_type, dict(parser_context or {}))
        except RecursionError as error:
            raise ParseError("The JSON is nested too deeply.") from error


class UploadParser(MultiPartParser):
    """DRF's parser, for callers that name any character set."""

    def parse(
        self, stream: IO[bytes], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> DataAndFiles:
        """Return the body's fields and files.

        Raises:
            ParseError: no multipart body, or not of the character set that its header names.

        """
        try:
            return super().parse(stream, media_type, dict(parser_context or {}))
        except (UnicodeError, LookupError) as error:
            raise ParseError("The body does not use the character set that its header names.") from error
