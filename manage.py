#!/usr/bin/env python
"""Django's command line for this project."""

import os
import sys

from django.core.management import execute_from_command_line
from django.db.utils import OperationalError, ProgrammingError

_NO_TABLES = ("no such table", "does not exist")  # as SQLite and PostgreSQL say it
_ADVICE = """This database has not been set up: {error}
Start the site once (make run). Commands need the DATA_DIR or DATABASE_URL that it was started with,
in the environment or in .env.
"""


def main() -> None:
    """Run the command; where nothing is set up yet, say that instead of where the code noticed."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "fingerprint_site.settings")
    try:
        execute_from_command_line(sys.argv)
    except (OperationalError, ProgrammingError) as error:
        if not any(words in str(error) for words in _NO_TABLES):
            raise
        sys.exit(_ADVICE.format(error=str(error).splitlines()[0]))


if __name__ == "__main__":
    main()
