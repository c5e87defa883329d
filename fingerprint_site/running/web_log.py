"""The web server's own lines, as JSON among the others; the site itself tells of requests (request_log.py)."""

import logging
import logging.config
import os
from typing import Any

from gunicorn.glogging import Logger


class JsonLogger(Logger):
    """gunicorn's logger under the site's settings, in the master process as well, which loads no Django."""

    def setup(self, cfg: Any) -> None:  # noqa: ARG002
        """Send everything through the root's handler."""
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "fingerprint_site.settings")
        from django.conf import settings  # noqa: PLC0415

        from queueing.process_log import log_as_service  # noqa: PLC0415

        logging.config.dictConfig(settings.LOGGING)
        log_as_service(settings.LOG_TO)
        for logger in (self.error_log, self.access_log):
            logger.handlers = []
            logger.propagate = True

    def access(self, *args: Any) -> None:
        """Leave it to the site."""

    def reopen_files(self) -> None:
        """Do nothing: the file looks after itself."""
