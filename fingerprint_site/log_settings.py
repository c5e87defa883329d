"""Structured log lines: one JSON object a line, with what is bound to it (the request's id, the task's)."""

import os
import re
from datetime import datetime
from pathlib import Path
from typing import Any

import structlog
import structlog.typing

DESTINATIONS = ("files", "stdout")
# Several processes write one pipe, which mixes no writes of up to PIPE_BUF bytes: longer lines are shortened for it.
PIPE_BYTES = 4096
# A signed part of an address, as that of an evidence link: whoever has it sees what it opens.
_SIGNED = re.compile(r"(?<=/)[\w-]+:[\w-]{20,}", re.ASCII)
MASKED = "(signed)"


def _with_process(_: Any, __: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    event["pid"] = os.getpid()
    return event


def _plain(value: object) -> str:
    """Return what JSON has no word for as text."""
    return value.isoformat() if isinstance(value, datetime) else repr(value)


def _without_signed(_: Any, __: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    """Mask signed parts of addresses, whoever logs the address: the request's line, or Django about an error."""
    return {key: _SIGNED.sub(MASKED, value) if isinstance(value, str) else value for key, value in event.items()}


_RENDERER = structlog.processors.JSONRenderer(default=_plain)
_shared: list[structlog.typing.Processor] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.processors.TimeStamper(fmt="iso"),
    _with_process,
]
structlog.configure(
    processors=[
        structlog.stdlib.filter_by_level,
        *_shared,
        structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
    ],
    logger_factory=structlog.stdlib.LoggerFactory(),
    cache_logger_on_first_use=True,
)


class JsonFormatter(structlog.stdlib.ProcessorFormatter):
    """Makes a JSON object of every record, whoever logged it; `most_bytes` shortens its longest texts."""

    def __init__(self, *, most_bytes: int | None = None) -> None:
        super().__init__(
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,
                _without_signed,
                Shortener(most_bytes) if most_bytes else _RENDERER,
            ],
            foreign_pre_chain=_shared,
        )


class Shortener:
    """Renders an event as JSON of at most so many bytes, its end of line included."""

    def __init__(self, most_bytes: int) -> None:
        self._most_bytes = most_bytes - 1

    def __call__(self, logger: Any, name: str, event: structlog.typing.EventDict) -> str:
        """Take the middle out of what is long until the rest fits."""
        line = self._json(logger, name, event)
        for kept in (1000, 400, 100, 20):
            if len(line) <= self._most_bytes:
                break
            line = self._json(logger, name, {key: _ends(value, kept) for key, value in event.items()})
        return line

    def _json(self, logger: Any, name: str, event: structlog.typing.EventDict) -> str:
        return str(_RENDERER(logger, name, dict(event)))  # ASCII: a character is a byte


def _ends(value: Any, kept: int) -> Any:
    """Return a text's beginning and, three times as long, its end: the end of a traceback says what it was."""
    text = value if isinstance(value, str) else repr(value)
    return value if len(text) <= 4 * kept else f"{text[:kept]} … {text[-2 * kept :]}"


def logging_to(*, destination: str, level: str, file: str, most_bytes: int, kept: int) -> dict[str, Any]:
    """Return Django's `LOGGING`: to the file that the supervisor names this process, or else to standard error."""
    to_file = {
        "()": "fingerprint_site.running.log_file.LogFileHandler",
        "path": Path(file),
        "most_bytes": most_bytes,
        "kept": kept,
        "formatter": "json",
    }
    to_stream = {"class": "logging.StreamHandler", "formatter": "short_json" if destination == "stdout" else "json"}
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "json": {"()": JsonFormatter},
            "short_json": {"()": JsonFormatter, "most_bytes": PIPE_BYTES},
        },
        "handlers": {"out": to_file if file else to_stream},
        "root": {"handlers": ["out"], "level": level},
        "loggers": {
            "audit": {"level": "INFO"},  # whatever LOG_LEVEL says: the trail is told in full
            "django": {"handlers": [], "level": "INFO"},
            "django.request": {"level": "ERROR"},  # the line of the request says what it was answered
            "faiss": {"level": "WARNING"},  # it tells of every instruction set that it was not built for
            "django_q": {"handlers": ["out"], "level": "WARNING", "propagate": False},
            "django-q": {"handlers": ["out"], "level": "WARNING", "propagate": False},
        },
    }
