"""A log file that many processes write, and that stays small: whoever finds it full puts it aside."""

import contextlib
import fcntl
import logging
import os
from pathlib import Path


class LogFile:
    """Appends lines to `path`; beyond `most_bytes` it becomes `path.1`, that one `path.2`, up to `kept` of them.

    A line is one write to a file opened for appending, which the system does not mix with another's. A disk that is
    full loses lines, and nothing else.
    """

    def __init__(self, path: Path, *, most_bytes: int, kept: int) -> None:
        self._path = path
        self._most_bytes = most_bytes
        self._kept = kept
        self._file: int | None = None

    def write(self, line: bytes) -> None:
        """Append a line, its end included."""
        with contextlib.suppress(OSError):
            os.write(self._open_for(len(line)), line)

    def _open_for(self, more_bytes: int) -> int:
        """Return the file, which is there and has room: another process may have put it aside."""
        file = self._file if self._file is not None and self._is_current(self._file) else self._reopen()
        size = os.fstat(file).st_size
        if size and size + more_bytes > self._most_bytes:
            self._put_aside(file)
            file = self._reopen()
        return file

    def _is_current(self, file: int) -> bool:
        try:
            return os.path.samestat(os.fstat(file), self._path.stat())
        except FileNotFoundError:
            return False

    def _reopen(self) -> int:
        if self._file is not None:
            os.close(self._file)
            self._file = None
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._file = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o640)
        return self._file

    def _put_aside(self, file: int) -> None:
        """Move every file on by one, the oldest out; once, however many processes find this one full."""
        fcntl.flock(file, fcntl.LOCK_EX)  # of the full file itself: the next one is another
        try:
            if not self._is_current(file):
                return
            for number in range(self._kept, 1, -1):
                with contextlib.suppress(FileNotFoundError):
                    self._aside(number - 1).replace(self._aside(number))
            self._path.replace(self._aside(1))
        finally:
            fcntl.flock(file, fcntl.LOCK_UN)

    def _aside(self, number: int) -> Path:
        return self._path.with_name(f"{self._path.name}.{number}")


class LogFileHandler(logging.Handler):
    """Sends log records to a `LogFile`."""

    def __init__(self, path: Path, *, most_bytes: int, kept: int) -> None:
        super().__init__()
        self._log_file = LogFile(path, most_bytes=most_bytes, kept=kept)

    def emit(self, record: logging.LogRecord) -> None:
        """Write one line."""
        try:
            line = self.format(record)
        except Exception:  # noqa: BLE001  (a record that cannot be formatted must not end what is logged)
            self.handleError(record)
        else:
            self._log_file.write(line.encode("utf-8", "replace") + b"\n")
