"""What a task needs in order to be done, looked at piece by piece. Says nothing that a stranger must not know."""

from collections.abc import Callable

import structlog
from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor

from catalog.engine import IndexUnavailable
from catalog.models import Deployment
from catalog.services.audio import disk_room
from catalog.services.index import backend, status
from catalog.services.index.one_look import OneLook
from queueing import queue_health

OK = "ok"
log = structlog.get_logger(__name__)
_cluster = OneLook(status.behind)
_migrated = False  # once true it stays true for this process: its code does not change


def checks() -> dict[str, str]:
    """Return `OK`, or what is wrong in words, for each piece that was looked at."""
    pieces: dict[str, Callable[[], str]] = {"database": _database, "migrations": _migrations, "index": _index}
    pieces |= {f"queue {name}": _queue(name) for name in settings.QUEUE_CLUSTERS}
    pieces |= {"disk": _disk, "uploaded files": _store}
    return {name: _safely(name, look) for name, look in pieces.items()}


def _safely(name: str, look: Callable[[], str]) -> str:
    try:
        return look()
    except (DatabaseError, OSError, IndexUnavailable) as error:
        log.warning("readiness_check_failed", piece=name, reason=f"{type(error).__name__}: {error}")
        return "cannot be read"


def _database() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return OK


def _migrations() -> str:
    global _migrated  # noqa: PLW0603  (looked at until it is true: it costs tens of milliseconds)
    if not _migrated:
        executor = MigrationExecutor(connection)
        _migrated = not executor.migration_plan(executor.loader.graph.leaf_nodes())
    return OK if _migrated else "the database is older than this code: run setup_site"


def _queue(name: str) -> Callable[[], str]:
    return lambda: str(queue_health.state(cluster=name))


def _disk() -> str:
    return OK if disk_room.has_room() else "less free space than DISK_RESERVE_MB: uploads are refused"


def _store() -> str:
    lost = Deployment.objects.filter(owns_store=False).exists()
    return "the store belongs to another deployment: uploads are refused" if lost else OK


def _index() -> str:
    missing = _cluster.answer() if backend.in_cluster() else status.behind()
    return OK if missing <= status.MOST_BEHIND else f"it is being rebuilt: {missing} operations are missing"
