"""The state of the index, read from its manifests and the log without FAISS, for pages, monitors and the sweeper."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from django.conf import settings

from catalog.engine.index import manifest
from catalog.engine.index.manifest import Generation
from catalog.services.index import backend, log

MOST_BEHIND = 2000  # operations that a worker applies before a search, some ten seconds; with more, checks wait


@dataclass(frozen=True)
class IndexStatus:
    """The state of the index: `generation` is the newest complete one or None, `behind` the operations since."""

    generation: Generation | None
    last_sequence: int
    behind: int
    older: int  # generations to fall back to

    @property
    def written_at(self) -> datetime | None:
        """When the generation was written."""
        return datetime.fromisoformat(self.generation.written_at) if self.generation else None

    @property
    def bytes_a_track(self) -> float:
        """The size of the index files for each track, in bytes."""
        return self.generation.size_bytes / max(1, self.generation.tracks) if self.generation else 0.0


def status() -> IndexStatus:
    """Return the state of the index."""
    folder = Path(settings.INDEX_DIR)
    found = list(manifest.readable(folder, _belongs))
    newest = found[0] if found else None
    sequence = newest.sequence if newest else 0
    return IndexStatus(newest, log.last_sequence(), log.count_after(sequence), max(0, len(found) - 1))


def behind() -> int:
    """Return how many operations a process has to apply that starts now.

    Raises:
        IndexUnavailable: the index is in a cluster that does not answer.

    """
    if backend.in_cluster():
        with backend.cluster_index() as index:
            index.refresh()
            return log.count_after(index.applied_sequence())
    newest = next(manifest.readable(Path(settings.INDEX_DIR), _belongs), None)
    return log.count_after(newest.sequence if newest else 0)


def _belongs(generation: Generation) -> bool:
    mark = log.mark_of(generation.sequence)
    return bool(mark) and mark == generation.mark


def all_facts() -> dict[str, str]:
    """Return the state of the index, on this host or in a cluster, as names and words for the command."""
    return cluster_facts()[1] if backend.in_cluster() else facts(status())


def cluster_facts() -> tuple[bool, dict[str, str]]:
    """Ask a cluster's index for its state: whether it is complete, and its facts as names and words."""
    with backend.cluster_index() as index:
        health = index.health()
        size, sequence = index.size(), index.applied_sequence()
    return health.is_complete, {
        **{name: str(value) for name, value in health.facts.items()},
        "complete": "yes" if health.is_complete else "no: checks wait",
        "latest operation": f"{sequence} of {log.last_sequence()}",
        "behind the log": f"{log.count_after(sequence)} operations",
        "tracks": str(size.tracks),
        "vectors": str(size.vectors),
        "recordings": f"{size.seconds / 3600:.1f} h",
    }


def facts(found: IndexStatus) -> dict[str, str]:
    """Return the state as names and words, for the command and the page."""
    generation = found.generation
    if generation is None:
        return {"generation": "none: rebuilt from the database", "behind the log": f"{found.behind} operations"}
    return {
        "generation": str(generation.number),
        "written": f"{found.written_at:%Y-%m-%d %H:%M:%S} UTC",
        "latest operation": f"{generation.sequence} of {found.last_sequence}",
        "behind the log": f"{found.behind} operations",
        "tracks": str(generation.tracks),
        "vectors": str(generation.vectors),
        "recordings": f"{generation.seconds / 3600:.1f} h",
        "bytes": f"{generation.size_bytes} ({found.bytes_a_track:.0f} a track)",
        "lists": str(generation.lists) if generation.lists else "none: exact search",
        "segments": ", ".join(str(segment.tracks) for segment in generation.segments) or "none",
        "dead rows": str(sum(len(segment.dead) for segment in generation.segments)),
        "older generations": str(found.older),
        **{f"version: {name}": str(value)[:12] for name, value in generation.versions.items()},
    }
