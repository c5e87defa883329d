"""What lists of tables with millions of rows need."""

from collections.abc import Callable, Iterable
from functools import cached_property
from typing import Any, ClassVar

from django.contrib.admin import SimpleListFilter
from django.contrib.admin.options import IncorrectLookupParameters
from django.core.exceptions import ValidationError
from django.core.paginator import Page, Paginator
from django.db.models import OrderBy, Q, QuerySet
from django.http import HttpRequest
from unfold.views import ChangeList

from staff.display import at_most
from staff.lists.standing import VIEW_VAR
from textsearch.admin import FoldedSearch
from textsearch.ids import beginning, newest_by_id

COUNTED_ROWS = 10_000
Order = tuple[OrderBy | str, ...]
FEWEST_OF_AN_ID = 6  # characters of an id, before it is looked for by its beginning


class LimitedCountPaginator(Paginator):  # type: ignore[type-arg]
    """Counts at most `COUNTED_ROWS` rows: counting millions to print a number would make every page slow.

    It chooses rows by their keys, so that computed columns are computed for the rows of the page only. It does not
    count what fits on the first page: a search that finds little goes through the table once.
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
    """A count that stopped at its limit: `10,000+`."""

    def __str__(self) -> str:
        return at_most(int(self), int(self))


class StaffChangeList(ChangeList):  # type: ignore[misc]
    """A list that refuses filters which no database can look up, and leads back to the whole list."""

    def get_filters_params(self, params: Any = None) -> Any:
        """Return the filters of the address; the open view is none of them."""
        return {name: value for name, value in super().get_filters_params(params).items() if name != VIEW_VAR}

    def get_filters(self, request: HttpRequest) -> Any:
        """Read the filters; answer filters that Django cannot look up with the whole list.

        Such as a year beyond Python's last, or a text with a NUL, which PostgreSQL refuses.
        """
        if any("\0" in value for values in self.filter_params.values() for value in values):
            raise IncorrectLookupParameters("A filter contains a NUL character.")
        try:
            return super().get_filters(request)
        except OverflowError as error:
            raise IncorrectLookupParameters(error) from error

    def get_results(self, request: HttpRequest) -> None:
        """Read the page. SQLite compares in UTC, which at the ends of the calendar leaves the calendar."""
        try:
            super().get_results(request)
        except OverflowError as error:
            raise IncorrectLookupParameters(error) from error


class CountedChangeList(StaffChangeList):
    """A list titled by what it lists. It says where it stopped counting, and leads to all rows if some are left out."""

    result_count: int

    def __init__(self, request: HttpRequest, *args: Any, **options: Any) -> None:
        super().__init__(request, *args, **options)
        name = getattr(self.model_admin, "list_title", None) or str(self.opts.verbose_name_plural)
        self.title = name[:1].upper() + name[1:]

    def get_results(self, request: HttpRequest) -> None:
        """Read the page, and note whether these are all rows."""
        super().get_results(request)
        if not self.query and not self.get_filters_params():
            self.full_result_count = self.result_count
        if self.result_count == COUNTED_ROWS:
            self.result_count = AtLeast(COUNTED_ROWS)


def known_values_filter(field: str, values: Callable[[], Iterable[str]]) -> type[SimpleListFilter]:
    """Return a filter by a column whose values are known, so that no page looks them up in all rows."""

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
    """A search that looks for an id by its index, and through the words of all rows only if no row has it.

    It looks for `whole_ids` as a whole, and for `id_beginnings` also by their first characters.
    """

    whole_ids: ClassVar[tuple[str, ...]] = ()
    id_beginnings: ClassVar[tuple[str, ...]] = ()

    def with_id(self, queryset: QuerySet[Any], asked: str) -> tuple[QuerySet[Any], Order] | None:
        """Return the rows with this id, or else with an id that begins so, and the order that finds the newest at once.

        None if there are none.
        """
        whole = asked.strip()
        tests: list[tuple[Q, Order]] = [(Q(**{name: whole}), ("-pk",)) for name in self.whole_ids if whole]
        if len(whole) >= FEWEST_OF_AN_ID:
            tests += [(beginning(name, whole), newest_by_id(name)) for name in self.id_beginnings]
        found = ((_that_pass(queryset, test), order) for test, order in tests)
        return next((one for one in found if _has_any(*one)), None)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """Return the rows found, and whether they may be there twice."""
        found = self.with_id(queryset, search_term)
        return (found[0], False) if found else super().get_search_results(request, queryset, search_term)


def _has_any(rows: QuerySet[Any], order: Order) -> bool:
    """Look along the index: without an order PostgreSQL may go through the rows from the oldest."""
    return bool(rows.order_by(*order).values("pk")[:1])


def _that_pass(queryset: QuerySet[Any], test: Q) -> QuerySet[Any]:
    try:
        return queryset.filter(test)
    except ValidationError:  # the column holds ids of another form
        return queryset.none()
