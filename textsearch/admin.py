"""Searching in staff lists."""

from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest

from textsearch.folding import fold

# For `search_fields`: the account that a row names.
ACCOUNT_WORDS = "search__words__contains"


class FoldedSearch:
    """A list that folds what is asked for; its `search_fields` name folded columns, or such as hold ASCII alone."""

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """Return the rows found, and whether they may be there twice."""
        found: tuple[QuerySet[Any], bool] = super().get_search_results(request, queryset, fold(search_term))  # type: ignore[misc]
        return found
