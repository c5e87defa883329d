"""Which index runs: the one place that knows."""

from catalog.engine.embedded import EmbeddedIndex
from catalog.engine.reference_index import ReferenceIndex
from catalog.services import index_files


class StoredEmbeddedIndex(EmbeddedIndex):
    """An embedded index that is written to this host's generations."""

    def checkpoint(self) -> None:
        """Write a generation."""
        index_files.write(self)


def open_index() -> ReferenceIndex:
    """Return this process's index as the settings choose it. Call after the fork."""
    return index_files.read_newest(StoredEmbeddedIndex)
