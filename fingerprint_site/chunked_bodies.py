"""Bodies that come in chunks (`Transfer-Encoding: chunked`), which have no length.

Django takes a request without `Content-Length` for one without a body. The web server takes the chunks apart and ends
the stream where the body ends; it says so in `wsgi.input_terminated`. Then the body is read like any other.
"""

import io
from collections.abc import Callable

from django.conf import settings
from django.core.exceptions import BadRequest, RequestDataTooBig
from django.http import HttpRequest, HttpResponse

from catalog.api.tus import PIECE
from catalog.api.uploads import FORM_ROOM_BYTES, max_file_bytes

LENGTH_REQUIRED = "This server cannot read a chunked body. Send a Content-Length."
SOME_LENGTH = "1"  # 0 would say that there is no body; the stream knows where it ends


class ChunkedBody(io.RawIOBase):
    """The body that the server puts together, up to the largest that is taken."""

    def __init__(self, stream: io.BufferedIOBase, most_bytes: int) -> None:
        self._stream = stream
        self._most_bytes = self._left = most_bytes

    def read(self, size: int | None = -1) -> bytes:
        """Return so many bytes, all that are left with -1, fewer at the end.

        Raises:
            RequestDataTooBig: the body is larger than any that is taken.
            BadRequest: the chunks are malformed.
            OSError: the sender went away.

        """
        return self._counted(self._stream.read, size)

    def readline(self, size: int | None = -1) -> bytes:
        """Return a line, as `read` does."""
        return self._counted(self._stream.readline, size)

    def _counted(self, read: Callable[[int], bytes], size: int | None) -> bytes:
        most = self._left + 1
        try:
            data = read(most if size is None or size < 0 else min(size, most))
        except OSError:
            raise
        except Exception as error:  # the server's own class, of which there is one for each fault
            raise BadRequest(f"The chunks of the body are malformed: {error}") from error
        self._left -= len(data)
        if self._left < 0:
            raise RequestDataTooBig(f"The body is larger than {self._most_bytes // 1024**2} MB.")
        return data


def _most_bytes(request: HttpRequest) -> int:
    """Return the limit of a body: a piece of a file, which goes to the disk as it comes, may be larger than a form."""
    is_piece = request.method == "PATCH" and request.content_type == PIECE
    return settings.MAX_RESUMABLE_MB * 1024**2 if is_piece else max_file_bytes() + FORM_ROOM_BYTES


class ChunkedBodyMiddleware:
    """Lets Django read a chunked body where the server takes the chunks apart; answers 411 where it does not."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer, with the body in reach."""
        meta = request.META
        if meta.get("HTTP_TRANSFER_ENCODING") and not meta.get("CONTENT_LENGTH"):
            if not meta.get("wsgi.input_terminated"):
                return HttpResponse(LENGTH_REQUIRED, status=411, content_type="text/plain")
            meta["CONTENT_LENGTH"] = SOME_LENGTH
            request._stream = ChunkedBody(meta["wsgi.input"], _most_bytes(request))  # type: ignore[assignment]  # noqa: SLF001
        return self.get_response(request)
