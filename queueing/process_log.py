"""Logging of a process that runs without a person watching."""

import logging
import sys
import threading
from types import TracebackType


def log_as_service(destination: str) -> None:
    """Log warnings and uncaught errors too; on standard output if `destination` is "stdout".

    Commands that a person runs keep their output for the person.
    """
    logging.captureWarnings(capture=True)
    sys.excepthook = _log_uncaught
    threading.excepthook = lambda ended: _log_uncaught(ended.exc_type, ended.exc_value, ended.exc_traceback)
    for handler in logging.getLogger().handlers:
        if destination == "stdout" and isinstance(handler, logging.StreamHandler):
            handler.setStream(sys.stdout)


def _log_uncaught(kind: type[BaseException], error: BaseException | None, traceback: TracebackType | None) -> None:
    if error is None or issubclass(kind, SystemExit | KeyboardInterrupt):
        return
    logging.getLogger("uncaught").critical("uncaught", exc_info=(kind, error, traceback))
