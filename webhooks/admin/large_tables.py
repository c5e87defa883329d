"""What lists need when their tables have millions of rows."""

from functools import cached_property
from typing import Any, ClassVar

from django.core.paginator import Page, Paginator
from django.db.models import QuerySet
from django.http import HttpRequest

COUNTED_ROWS = 10_000


class LimitedCountPaginator(Paginator):  # type: ignore[type-arg]
    """Counts no further than `COUNTED_ROWS`: counting millions to print a number makes a big table slow."""

    @cached_property
    def count(self) -> int:
        """Return the number of rows, at most `COUNTED_ROWS`; only keys, or looked-up columns are looked up for each."""
        rows = self.object_list
        return rows.order_by().values("pk")[:COUNTED_ROWS].count() if isinstance(rows, QuerySet) else len(rows)

    def page(self, number: int | str) -> Page:  # type: ignore[type-arg]
        """Choose the rows by their keys first: columns that are looked up are not looked up for the rows before."""
        number = self.validate_number(number)
        rows = self.object_list
        if isinstance(rows, QuerySet):
            first = (number - 1) * self.per_page
            keys = list(rows.values_list("pk", flat=True)[first : first + self.per_page])
            return Page(rows.filter(pk__in=keys), number, self)
        return super().page(number)


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
