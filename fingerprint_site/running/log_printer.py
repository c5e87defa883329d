"""What the supervised processes print beside their log: made JSON, and put where their log is."""

import json
import sys
from datetime import UTC
from pathlib import Path

from django.conf import settings
from honcho.printer import Message, Printer

from fingerprint_site.running.log_file import LogFile


class LogPrinter(Printer):
    """Sends a process's output to its log file, or all to standard output; tells a person who came and went."""

    def __init__(self, paths: dict[str, Path]) -> None:
        super().__init__(sys.stdout, width=11)
        to_files = settings.LOG_TO == "files"
        self._files = {
            name: LogFile(path, most_bytes=settings.LOG_FILE_BYTES, kept=settings.LOG_FILES_KEPT)
            for name, path in paths.items()
            if to_files
        }

    def write(self, message: Message) -> None:
        """Take one line of a process, or of the supervisor itself."""
        if settings.LOG_TO == "files" and message.name not in self._files:
            super().write(message)
            return
        line = as_json(message)
        if line and message.name in self._files:
            self._files[message.name].write(line + b"\n")
        elif line:
            self.output.write(line.decode() + "\n")
            self.output.flush()


def as_json(message: Message) -> bytes:
    """Return a line as it is where it is JSON, and else as the event of a JSON object; empty where it is blank."""
    data = message.data if isinstance(message.data, bytes) else message.data.encode()
    line = data.strip()
    if not line or _is_object(line):
        return line
    event = {
        "event": line.decode("utf-8", "replace"),
        "logger": f"{message.name}.output",
        "level": "info",
        "timestamp": message.time.astimezone(UTC).isoformat(),
    }
    return json.dumps(event).encode()


def _is_object(line: bytes) -> bool:
    try:
        return isinstance(json.loads(line), dict)
    except ValueError:
        return False
