"""What the tables of all staff pages share, and staff's own: accounts and the audit trail."""

from staff.admin import accounts, audit, search

__all__ = ["accounts", "audit", "search"]
