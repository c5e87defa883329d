"""Numbers of rows in addresses and forms, and the addresses of the rows' pages."""

from typing import TypeVar

from django.db.models import Model
from django.http import Http404
from django.urls import reverse

MOST_DIGITS = 18  # every such number fits a column of 64 bits; Python itself refuses to read thousands of digits
MOST_PAGES = 1_000_000  # of a list: the rows before its last page are a number that a database reads
_Row = TypeVar("_Row", bound=Model)


def row_id(text: str) -> int:
    """Return the number in `text`; 0, which no row has, if it is no number or too large for a column."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= MOST_DIGITS else 0


def page_number(text: str) -> int:
    """Return the number of a list's page in `text`, from 1; 1 if it has none."""
    return min(row_id(text) or 1, MOST_PAGES)


def row_or_404(model: type[_Row], text: str) -> _Row:
    """Return the row with this number.

    Raises:
        Http404: there is none, or `text` is no number.

    """
    row = model._default_manager.filter(pk=row_id(text)).first()  # noqa: SLF001  (Django's documented name)
    if row is None:
        raise Http404(f"There is no {model._meta.verbose_name} with this number.")  # noqa: SLF001
    return row


def page_of(row: Model) -> str:
    """Return the address of a row's page in the admin."""
    return reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_change", args=[row.pk])  # noqa: SLF001
