"""What PostgreSQL knows of its tables, by which it plans a query.

It looks by itself within a minute or so. Until then a table that was filled at once passes for a small one, and pages
about it may take minutes. SQLite plans its queries of lists no better for it.
"""

from django.db import connection


def gather_statistics() -> None:
    """Have PostgreSQL look at every table with rows now; seconds for large ones.

    A table without rows is left out: what is known to be empty is planned so until PostgreSQL looks again.
    """
    if connection.vendor != "postgresql":
        return
    with connection.cursor() as cursor:
        names = [connection.ops.quote_name(name) for name in connection.introspection.table_names(cursor)]
        cursor.execute(" UNION ALL ".join(f"SELECT '{name}' WHERE EXISTS (SELECT FROM {name})" for name in names))  # noqa: S608
        if filled := [name for (name,) in cursor.fetchall()]:
            cursor.execute(f"ANALYZE {', '.join(filled)}")
