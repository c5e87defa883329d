"""The audit trail of what staff do: `record` writes an entry, `note` adds to the entry of the current request."""

from staff.audit.recording import note, record

__all__ = ["note", "record"]
