"""One search over everything: each kind of row registers how it is found, and shows only what the person may view."""

from staff.search.everything import everything, register
from staff.search.kinds import Found, Hit, Page, PagesKind, TableKind

__all__ = ["Found", "Hit", "Page", "PagesKind", "TableKind", "everything", "register"]
