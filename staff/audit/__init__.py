"""What staff do leaves an entry: `record` writes one, `note` adds to the one that the request at hand will leave."""

from staff.audit.recording import note, record

__all__ = ["note", "record"]
