"""What lists need when their tables have millions of rows."""

from collections.abc import Callable, Iterable
from functools import cached_property
from typing import Any, ClassVar

from django.contrib.admin import SimpleListFilter
from django.contrib.admin.options import IncorrectLookupParameters
from django.core.exceptions import ValidationError
from django.core.paginator import Page, Paginator
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from unfold.views import ChangeList

from staff.display import at_most
from staff.lists.standing import VIEW_VAR
from textsearch.admin import FoldedSearch
from textsearch.ids import beginning

COUNTED_ROWS = 10_000
FEWEST_OF_AN_ID = 6  # characters of an id, before it is looked for by its beginning


class LimitedCountPaginator(Paginator):  # type: ignore[type-arg]
    """Counts no further than `COUNTED_ROWS`: counting millions to print a number makes a big table slow.

    Chooses rows by their keys, so that columns that are looked up are looked up for the rows of the page alone. What
    fits on the first page is not counted as well: a search that finds little goes through the table once.
    """

    asks_for_first = True  # else the first page's keys would be put in order for their number alone

    @cached_property
    def _first_keys(self) -> list[Any]:
        """The keys of the first page, and one more where there is more."""
        return self._keys(0, self.per_page + 1)

    def _keys(self, first: int, end: int) -> list[Any]:
        return list(self.object_list.values_list("pk", flat=True)[first:end])  # type: ignore[attr-defined]

    @cached_property
    def count(self) -> int:
        """Return the number of rows, at most `COUNTED_ROWS`."""
        rows = self.object_list
        if not isinstance(rows, QuerySet):
            return len(rows)
        if self.asks_for_first and len(self._first_keys) <= self.per_page:
            return len(self._first_keys)
        return rows.order_by().values("pk")[:COUNTED_ROWS].count()

    def page(self, number: int | str) -> Page:  # type: ignore[type-arg]
        """Return the rows of a page."""
        number = self.validate_number(number)
        if not isinstance(self.object_list, QuerySet):
            return super().page(number)
        first, end = (number - 1) * self.per_page, number * self.per_page
        keys = self._first_keys[:end] if number == 1 else self._keys(first, end)
        return Page(self.object_list.filter(pk__in=keys), number, self)


class AtLeast(int):
    """A count that stopped: `10,000+`."""

    def __str__(self) -> str:
        return at_most(int(self), int(self))


class StaffChangeList(ChangeList):  # type: ignore[misc]
    """Refuses what no database looks for, and leads back to the list. The view that is open is no filter."""

    def get_filters_params(self, params: Any = None) -> Any:
        """Return what narrows the list down."""
        return {name: value for name, value in super().get_filters_params(params).items() if name != VIEW_VAR}

    def get_filters(self, request: HttpRequest) -> Any:
        """Read the filters; refuse what Django does not look for.

        A year over what Python counts is none, and PostgreSQL takes no text with a NUL.
        """
        if any("\0" in value for values in self.filter_params.values() for value in values):
            raise IncorrectLookupParameters("A filter contains a NUL character.")
        try:
            return super().get_filters(request)
        except OverflowError as error:
            raise IncorrectLookupParameters(error) from error

    def get_results(self, request: HttpRequest) -> None:
        """Read the page. SQLite compares in UTC; at the ends of the calendar an offset leads out of it."""
        try:
            super().get_results(request)
        except OverflowError as error:
            raise IncorrectLookupParameters(error) from error


class CountedChangeList(StaffChangeList):
    """Is titled by what it lists, says where it stopped counting, and leads back to all rows where some are out."""

    result_count: int

    def __init__(self, request: HttpRequest, *args: Any, **options: Any) -> None:
        super().__init__(request, *args, **options)
        name = getattr(self.model_admin, "list_title", None) or str(self.opts.verbose_name_plural)
        self.title = name[:1].upper() + name[1:]

    def get_results(self, request: HttpRequest) -> None:
        """Read the page, and say that these are all where they are."""
        super().get_results(request)
        if not self.query and not self.get_filters_params():
            self.full_result_count = self.result_count
        if self.result_count == COUNTED_ROWS:
            self.result_count = AtLeast(COUNTED_ROWS)


def known_values_filter(field: str, values: Callable[[], Iterable[str]]) -> type[SimpleListFilter]:
    """Return a filter by a column whose values are known: those that occur are not looked up in all the rows."""

    class KnownValuesFilter(SimpleListFilter):
        title = field
        parameter_name = field

        def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:  # noqa: ARG002
            """The values."""
            return [(value, value) for value in values()]

        def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:  # noqa: ARG002
            """Rows of the chosen value."""
            return queryset.filter(**{field: self.value()}) if self.value() else queryset

    return KnownValuesFilter


class WholeIdsFirst(FoldedSearch):
    """A search that looks for an id by its index, and through the words of all rows only where there is none.

    `whole_ids` are looked for whole, `id_beginnings` by their first characters too.
    """

    whole_ids: ClassVar[tuple[str, ...]] = ()
    id_beginnings: ClassVar[tuple[str, ...]] = ()

    def with_id(self, queryset: QuerySet[Any], asked: str) -> tuple[QuerySet[Any], str] | None:
        """Return the rows that have an id, or else an id that begins so, and its column; None where no row has."""
        whole = asked.strip()
        tests = [(Q(**{name: whole}), name) for name in self.whole_ids if whole]
        if len(whole) >= FEWEST_OF_AN_ID:
            tests += [(beginning(name, whole), name) for name in self.id_beginnings]
        found = ((_that_pass(queryset, test), name) for test, name in tests)
        return next((one for one in found if one[0].exists()), None)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """Return the rows found, and whether they may be there twice."""
        found = self.with_id(queryset, search_term)
        return (found[0], False) if found else super().get_search_results(request, queryset, search_term)


def _that_pass(queryset: QuerySet[Any], test: Q) -> QuerySet[Any]:
    try:
        return queryset.filter(test)
    except ValidationError:  # the column holds ids of another form
        return queryset.none()
