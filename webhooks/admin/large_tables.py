"""What lists need when their tables have millions of rows."""

from functools import cached_property
from typing import Any, ClassVar

from django.core.paginator import Page, Paginator
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.views import ChangeList

COUNTED_ROWS = 10_000


class LimitedCountPaginator(Paginator):  # type: ignore[type-arg]
    """Looks no further than `COUNTED_ROWS`: counting millions to print a number makes a big table slow.

    Chooses rows by their keys, in one query for the count and the page: a search goes through the table once, and
    columns that are looked up are looked up for the rows of the page alone.
    """

    @cached_property
    def _keys(self) -> list[Any]:
        return list(self.object_list.values_list("pk", flat=True)[:COUNTED_ROWS])  # type: ignore[attr-defined]

    @cached_property
    def count(self) -> int:
        """Return the number of rows, at most `COUNTED_ROWS`."""
        return len(self._keys if isinstance(self.object_list, QuerySet) else self.object_list)

    def page(self, number: int | str) -> Page:  # type: ignore[type-arg]
        """Return the rows of a page."""
        number = self.validate_number(number)
        if not isinstance(self.object_list, QuerySet):
            return super().page(number)
        first = (number - 1) * self.per_page
        return Page(self.object_list.filter(pk__in=self._keys[first : first + self.per_page]), number, self)


class AtLeast(int):
    """A count that stopped: `10,000+`."""

    def __str__(self) -> str:
        return f"{int(self):,}+"


class CountedChangeList(ChangeList):  # type: ignore[misc]
    """Says where it stopped counting, and offers a way back to all rows only where some are left out."""

    result_count: int

    def get_results(self, request: HttpRequest) -> None:
        """Read the page, and say that these are all where they are."""
        super().get_results(request)
        if not self.query and not self.get_filters_params():
            self.full_result_count = self.result_count
        if self.result_count == COUNTED_ROWS:
            self.result_count = AtLeast(COUNTED_ROWS)


class WholeIdsFirst:
    """A search that looks for a whole id by its index, and through the words of all rows only where there is none."""

    whole_ids: ClassVar[tuple[str, ...]] = ()

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """Return the rows found, and whether they may be there twice."""
        whole = search_term.strip()
        for name in self.whole_ids if whole else ():
            found = queryset.filter(**{name: whole})
            if found.exists():
                return found, False
        usual: tuple[QuerySet[Any], bool] = super().get_search_results(request, queryset, search_term)  # type: ignore[misc]
        return usual
