"""Stored fingerprints → entries of an index, many at once: what the processes of a rebuild do."""

import logging
from collections.abc import Mapping

from catalog.engine.errors import InvalidFingerprint
from catalog.engine.features.fingerprint import Fingerprint
from catalog.engine.index.interface import Entry

log = logging.getLogger(__name__)


def entries_of(stored: Mapping[int, bytes]) -> list[Entry]:
    """The entries of tracks; those whose bytes are damaged are left out, and said in the log."""
    entries = []
    for track_id, data in stored.items():
        try:
            entries.append(Entry.of(track_id, Fingerprint.from_bytes(data)))
        except InvalidFingerprint as error:
            log.warning("The fingerprint of track %s is left out: %s", track_id, error)
    return entries
