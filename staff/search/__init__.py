"""One search over everything: each kind of thing registers how it is searched, and shows only what one may view."""

from staff.search.everything import everything, register
from staff.search.kinds import Found, Hit, Page, PagesKind, TableKind

__all__ = ["Found", "Hit", "Page", "PagesKind", "TableKind", "everything", "register"]
