"""Every index that the contract suite holds to the same promises: name → a maker that opens it on a folder."""

from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import pytest

from catalog.engine.index.in_memory import EmbeddedIndex
from catalog.engine.index.interface import ReferenceIndex
from catalog.engine.index.milvus import MilvusAddress, MilvusIndex
from catalog.engine.index.on_disk import MappedIndex
from tests.milvus_server import MilvusProcess

_servers: list[MilvusProcess] = []


def milvus_index(folder: Path) -> MilvusIndex:
    """Return an index in the running server, under a name that stands for the folder."""
    name = f"i{sha256(str(folder).encode()).hexdigest()[:12]}"
    return MilvusIndex(MilvusAddress.parse(_servers[0].address(name), timeout_s=60.0))


# Called again on the same folder, as by a new process; what was not checkpointed is applied again from the log.
BACKENDS: dict[str, Callable[[Path], ReferenceIndex]] = {
    "in memory": lambda _folder: EmbeddedIndex(),
    "mapped": MappedIndex,
    "milvus": milvus_index,
}
FORGETS = {"in memory"}  # what a new process finds is empty
KEEPS_NO_SKETCHES = {"milvus"}
NAMES = ["in memory", "mapped", pytest.param("milvus", marks=pytest.mark.milvus)]
EXAMPLES = {"milvus": 2}  # of random operations; making a collection takes seconds


def make_ready(name: str, request: pytest.FixtureRequest) -> None:
    """Start what an index needs, or skip the test where it cannot run."""
    if name == "milvus":
        _servers[:] = [request.getfixturevalue("milvus")]
