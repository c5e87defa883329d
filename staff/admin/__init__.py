"""What the tables of all staff pages share, and the pages of accounts and of the audit trail."""

from staff.admin import accounts, audit, search

__all__ = ["accounts", "audit", "search"]
