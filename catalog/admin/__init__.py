"""The catalog in the admin, one file for each table."""

from catalog.admin import (
    api_keys,
    audio_files,
    bulk_work,
    decisions,
    evidence_links,
    fingerprints,
    index_operations,
    jobs,
    matches,
    rules,
    search,
    tracks,
    waiting_pairs,
)

__all__ = [
    "api_keys",
    "audio_files",
    "bulk_work",
    "decisions",
    "evidence_links",
    "fingerprints",
    "index_operations",
    "jobs",
    "matches",
    "rules",
    "search",
    "tracks",
    "waiting_pairs",
]
