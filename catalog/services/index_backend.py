"""Which index runs: the one place that knows."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings

from catalog.engine import IndexBusy
from catalog.engine.mapped import MappedIndex
from catalog.engine.reference_index import ReferenceIndex
from catalog.services import index_lease, index_log


class HostIndex(MappedIndex):
    """The embedded index in this host's folder, written by the one process that holds the folder's lease."""

    def __init__(self) -> None:
        super().__init__(Path(settings.INDEX_DIR), mark_of=index_log.mark_of)
        self._lease: index_lease.Lease | None = None

    @contextlib.contextmanager
    def exclusive(self) -> Iterator[None]:
        """Hold the folder's lease."""
        with index_lease.held(Path(settings.INDEX_DIR)) as self._lease:
            yield

    def _before_publishing(self) -> None:
        if self._lease is None or not self._lease.renew():
            raise IndexBusy("The lease of the index folder was lost.")


def open_index() -> ReferenceIndex:
    """Return this process's index as the settings choose it. Call after the fork."""
    return HostIndex()
