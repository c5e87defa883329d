"""The choice of the index: the only module that knows which one runs."""

import contextlib
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

from django.conf import settings

from catalog.engine import IndexBusy, IndexUnavailable
from catalog.engine.index.interface import ReferenceIndex
from catalog.engine.index.milvus import MilvusAddress, MilvusIndex
from catalog.engine.index.on_disk import MappedIndex
from catalog.services.index import lease, log

LONGEST_WAIT_S, WAIT_STEP_S = 60.0, 0.1  # for the lease of a cluster's index


class HostIndex(MappedIndex):
    """The embedded index in this host's folder, written by the one process that holds the folder's lease."""

    def __init__(self) -> None:
        super().__init__(Path(settings.INDEX_DIR), mark_of=log.mark_of)
        self._lease: lease.Lease | None = None

    @contextlib.contextmanager
    def exclusive(self) -> Iterator[None]:
        """Hold the folder's lease."""
        with lease.held(Path(settings.INDEX_DIR)) as self._lease:
            yield

    def _before_publishing(self) -> None:
        if self._lease is None or not self._lease.renew():
            raise IndexBusy("The lease of the index folder was lost.")


class ClusterIndex(MilvusIndex):
    """The index in a Milvus cluster, written by one process at a time: the one that holds its lease."""

    def __init__(self) -> None:
        address = MilvusAddress.parse(settings.FINGERPRINT_INDEX, timeout_s=settings.MILVUS_TIMEOUT_SECONDS)
        super().__init__(address, mark_of=log.mark_of)
        self._lease: lease.Lease | None = None

    def exclusive(self) -> AbstractContextManager[object]:
        """Hold the lease for a build. Other processes go on writing to the index in use."""
        return lease.held_by_name(f"rebuild {self._address.name}")

    @contextlib.contextmanager
    def _writing(self, is_done: Callable[[], bool]) -> Iterator[bool]:
        """Take the lease, or wait until whoever has it has written what is wanted here."""
        with contextlib.ExitStack() as stack:
            waited_until_s = time.monotonic() + LONGEST_WAIT_S
            while not self._took_lease(stack):
                if is_done():
                    yield False
                    return
                if time.monotonic() > waited_until_s:
                    raise IndexUnavailable("Another process has been writing the index for too long.")
                time.sleep(WAIT_STEP_S)
            yield True

    def _took_lease(self, stack: contextlib.ExitStack) -> bool:
        try:
            self._lease = stack.enter_context(lease.held_by_name(f"milvus {self._address.name}"))
        except IndexBusy:
            return False
        return True

    def _before_publishing(self) -> None:
        if self._lease is None or not self._lease.renew():
            raise IndexUnavailable("The lease of the index was lost.")


def in_cluster() -> bool:
    """Tell whether the index is in a Milvus cluster."""
    return str(settings.FINGERPRINT_INDEX).startswith("milvus")


@contextlib.contextmanager
def cluster_index() -> Iterator[ClusterIndex]:
    """Open the cluster's index for a look, and close the connection afterwards."""
    with contextlib.closing(ClusterIndex()) as index:
        yield index


def open_index() -> ReferenceIndex:
    """Return this process's index as the settings choose it. Call after the fork."""
    return ClusterIndex() if in_cluster() else HostIndex()
