"""How a process that runs unwatched logs."""

import logging
import sys
import threading
from types import TracebackType


def log_as_service(destination: str) -> None:
    """Have this process log all it has to say: warnings and what ends it too; on standard output where that is asked.

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
