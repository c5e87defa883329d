"""Columns that several tables have."""

from collections.abc import Callable
from typing import Any

from django.contrib import admin
from django.db.models import Model

from staff import display

Column = Callable[[Any, Any], str]


def moment_column(field: str, title: str) -> Column:
    """Return a column with a relative time, sorted by the time itself."""

    @admin.display(description=title, ordering=field)
    def column(_admin: Any, row: Model) -> str:
        return display.moment(getattr(row, field))

    return column


def number_column(field: str, title: str) -> Column:
    """Return a column with a count."""

    @admin.display(description=title, ordering=field)
    def column(_admin: Any, row: Model) -> str:
        return display.number(getattr(row, field))

    return column


def words_column(field: str, title: str, words: Callable[[Any], str]) -> Column:
    """Return a column that shows what `words` returns for a row, sorted by a field."""

    @admin.display(description=title, ordering=field)
    def column(_admin: Any, row: Model) -> str:
        return words(row)

    return column
