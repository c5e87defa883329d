"""The catalog in the admin, a file for each table."""

from catalog.admin import (
    accounts,
    api_keys,
    audio_files,
    audit,
    bulk_work,
    decisions,
    fingerprints,
    index_operations,
    jobs,
    matches,
    queue,
    tracks,
)

__all__ = [
    "accounts",
    "api_keys",
    "audio_files",
    "audit",
    "bulk_work",
    "decisions",
    "fingerprints",
    "index_operations",
    "jobs",
    "matches",
    "queue",
    "tracks",
]
