"""The kinds that the search finds, each with how it is searched and who may find it."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol
from urllib.parse import urlencode

from django.contrib import admin
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.urls import reverse

from staff.display import number
from staff.row_ids import page_of
from textsearch.folding import fold

Texts = Iterable[tuple[str, str]]  # what a text is called, and the text


@dataclass(frozen=True)
class Hit:
    """One row that was found: its page, its name, why it was found, and what tells it from similar ones."""

    url: str
    name: str
    why: str
    beside: str = ""


@dataclass(frozen=True)
class Found:
    """What was found of one kind; `all_url` is the list's own search, empty if there is no list.

    `note` says which rows were looked at where that is not all of them.
    """

    title: str
    icon: str
    hits: list[Hit]
    has_more: bool = False
    all_url: str = ""
    note: str = ""


class Kind(Protocol):
    """A kind of row or page that the search finds."""

    @property
    def order(self) -> int:
        """The place of its group on the page."""

    def found(self, request: HttpRequest, asked: str, most: int) -> Found | None:
        """Return at most `most` hits; None where nothing is found, or the person may not look."""


def by_the_list(table: Any, request: HttpRequest, asked: str) -> QuerySet[Any]:
    """Search as the table's list does, newest first."""
    rows, _ = table.get_search_results(request, table.model._default_manager.all(), asked)  # noqa: SLF001
    found: QuerySet[Any] = rows.order_by("-pk")
    return found


def by_id(table: Any, request: HttpRequest, asked: str) -> QuerySet[Any]:  # noqa: ARG001
    """Search only the ids of the table, or how they begin: for tables too large for a search by words."""
    rows: QuerySet[Any] = table.model._default_manager.all()  # noqa: SLF001
    found = table.with_id(rows, asked)
    return found[0].order_by(*found[1]) if found else rows.none()


@dataclass(frozen=True)
class TableKind:
    """The rows of a table of the admin, for people who may view its list."""

    order: int
    model: type[Model]
    icon: str
    said: Callable[[Any], Texts]  # what is searched of a row, the most telling first
    search: Callable[[Any, HttpRequest, str], QuerySet[Any]] = by_the_list
    name: Callable[[Any], str] = str
    beside: Callable[[Any], str] = lambda _: ""
    related: tuple[str, ...] = ()  # what `said`, `name` and `beside` read along
    list_query: Mapping[str, str] = field(default_factory=dict)  # what the list needs to show all that is found
    also: Callable[[HttpRequest, str, int], list[Hit]] = lambda *_: []
    newest: int = 0  # words are looked for in so many of the newest rows, which bounds the work; 0: in all
    is_id: Callable[[str], bool] = lambda _: False  # what an index finds, however old

    def found(self, request: HttpRequest, asked: str, most: int) -> Found | None:
        """Return the newest rows that the search finds."""
        table = admin.site._registry[self.model]  # noqa: SLF001  (the admin has no other way to its tables)
        if not table.has_view_permission(request):
            return None
        searched, oldest = self.search(table, request, asked), self._oldest(asked)
        rows = self._first(searched.filter(pk__gte=oldest) if oldest else searched, most + 1)
        hits = [*self.also(request, asked, most), *(self._hit(row, asked) for row in rows)]
        note = f"Looked through the newest {number(self.newest)} only." if oldest and len(hits) <= most else ""
        if not (hits or note):
            return None
        opts = self.model._meta  # noqa: SLF001
        base = reverse(f"admin:{opts.app_label}_{opts.model_name}_changelist")
        all_url = f"{base}?{urlencode({'q': asked, **self.list_query})}"
        title = str(opts.verbose_name_plural)
        return Found(title[:1].upper() + title[1:], self.icon, hits[:most], len(hits) > most, all_url, note)

    def _oldest(self, asked: str) -> int:
        """Return the number of the oldest row that words are looked for in; 0 where it is every row."""
        if not self.newest or self.is_id(asked):
            return 0
        newest = self.model._default_manager.order_by("-pk").values_list("pk", flat=True).first() or 0  # noqa: SLF001
        return max(newest - self.newest + 1, 0)

    def _first(self, found: QuerySet[Any], count: int) -> list[Any]:
        """Choose the rows by their keys: beside another table SQLite goes through that one, and sorts all it finds."""
        chosen = self.model._default_manager.filter(pk__in=found.values("pk")[:count])  # noqa: SLF001
        return list(chosen.select_related(*self.related).order_by(*found.query.order_by))

    def _hit(self, row: Any, asked: str) -> Hit:
        name = self.name(row)
        return Hit(page_of(row), name, why(self.said(row), asked, name), self.beside(row))


def why(texts: Texts, asked: str, name: str) -> str:
    """Return which of a row's texts matches: first one with all that was asked for, then one with any word.

    A text that is the row's name is left out.
    """
    known = [(what, text, fold(text)) for what, text in texts if text]
    for part in (fold(asked), *fold(asked).split()):
        for what, text, folded in known:
            if part in folded:
                return what if text == name else f"{what}: {text}"
    return ""


@dataclass(frozen=True)
class Page:
    """A page that is no list: its address, the permission that it needs, and other words for it."""

    title: str
    view: str
    permission: str = ""
    words: str = ""


@dataclass
class PagesKind:
    """The pages of the menu, and those that were registered."""

    order: int = 0
    pages: list[Page] = field(default_factory=list)

    def found(self, request: HttpRequest, asked: str, most: int) -> Found | None:
        """Return the pages whose title or other words have every word; titles that begin so come first."""
        wanted = fold(asked).split()
        offered = [*_menu(request), *self._more(request)]
        fitting = [one for one in offered if all(word in fold(f"{one[0]} {one[2]}") for word in wanted)]
        fitting.sort(key=lambda one: not fold(one[0]).startswith(fold(asked)))
        hits = [Hit(url, title, "page", place) for title, url, _, place in fitting[:most]]
        return Found("Pages", "menu", hits) if hits else None

    def _more(self, request: HttpRequest) -> Iterable[tuple[str, str, str, str]]:
        for page in self.pages:
            if not page.permission or request.user.has_perm(page.permission):
                yield page.title, reverse(page.view), page.words, ""


def _menu(request: HttpRequest) -> Iterable[tuple[str, str, str, str]]:
    """Yield title, address, other words and group of each entry of the menu that the person has."""
    for group in admin.site.get_sidebar_list(request):  # type: ignore[attr-defined]
        place = str(group.get("title") or "")
        for entry in group["items"]:
            if entry["has_permission"]:
                yield str(entry["title"]), str(entry["link"]), f"{entry.get('words', '')} {place}", place
