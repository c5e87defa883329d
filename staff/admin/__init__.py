"""What the tables of all staff pages share, and staff's own: accounts and the audit trail."""

from staff.admin import accounts, audit

__all__ = ["accounts", "audit"]
