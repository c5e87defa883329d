"""Every index that the contract suite holds to the same promises: name → a maker that opens it on a folder."""

from collections.abc import Callable
from pathlib import Path

from catalog.engine.embedded import EmbeddedIndex
from catalog.engine.mapped import MappedIndex
from catalog.engine.reference_index import ReferenceIndex

# Called again on the same folder, as by a new process; what was not checkpointed is applied again from the log.
BACKENDS: dict[str, Callable[[Path], ReferenceIndex]] = {
    "in memory": lambda _folder: EmbeddedIndex(),
    "mapped": MappedIndex,
}
FORGETS = {"in memory"}  # what a new process finds is empty
