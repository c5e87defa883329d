"""The ends of an account's tasks, numbered under a row lock, so that no reader can skip one that commits late."""

from django.db import connection

# In one statement: it is run under SQLite's one write lock, for which every other request waits meanwhile.
_NEXT = """
INSERT INTO catalog_eventclock AS clock (owner_id, last_number) VALUES (%s, 1)
ON CONFLICT (owner_id) DO UPDATE SET last_number = clock.last_number + 1
RETURNING last_number
"""


def next_end_number(owner_id: int) -> int:
    """Take the account's next number. Call inside a transaction: the clock's row stays locked until it commits.

    A number whose task did not end after all stays unused.
    """
    with connection.cursor() as cursor:
        cursor.execute(_NEXT, [owner_id])
        return int(cursor.fetchone()[0])
