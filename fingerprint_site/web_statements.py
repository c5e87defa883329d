"""How long a statement of a web process may take.

A thread of the web server and a process of PostgreSQL work for a page until its last statement ends, also after the
browser has gone. One badly planned query held both for half an hour. Workers, migrations and commands have statements
that rightly take long, so nobody else has the limit.
"""

from django.conf import settings
from django.db import connection, connections


def limit_statements() -> None:
    """Have PostgreSQL stop what takes longer than `DATABASE_STATEMENT_SECONDS`, on every connection of this process.

    What the address of the database says in `options` comes later, and holds. SQLite has no such limit.
    """
    if connection.vendor != "postgresql":
        return
    options = connections.settings["default"]["OPTIONS"]
    limit_ms = settings.DATABASE_STATEMENT_SECONDS * 1000
    options["options"] = f"-c statement_timeout={limit_ms} {options['options']}"
    connections.close_all()  # what was opened before has no limit
