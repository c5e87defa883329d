"""Lists as CSV files, as searched and filtered: streamed, and safe to open in a spreadsheet."""

import csv
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.http import StreamingHttpResponse
from django.utils import timezone

BATCH = 1000
# A spreadsheet takes a cell that begins so for a formula, and runs it: an upload's tags must not decide that.
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")


class _Line:
    """What `csv.writer` writes to: it hands each line back."""

    @staticmethod
    def write(line: str) -> str:
        return line


@dataclass(frozen=True)
class CsvFile:
    """A kind of CSV file: `name` begins its name, `head` has the column titles, `cells` returns the cells of a row."""

    name: str
    head: list[str]
    cells: Callable[[Any], list[object]]

    def response(self, rows: QuerySet[Any]) -> StreamingHttpResponse:
        """Answer with `rows` as a file, oldest first, a batch in memory at a time."""
        name = f"{self.name}-{timezone.localtime():%Y-%m-%d}.csv"
        headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
        return StreamingHttpResponse(self.lines(rows), content_type="text/csv; charset=utf-8", headers=headers)

    def lines(self, rows: QuerySet[Any]) -> Iterator[str]:
        """Yield the file line by line. A byte order mark tells spreadsheets that it is UTF-8."""
        write = csv.writer(_Line()).writerow
        yield "\ufeff" + write(self.head)
        for batch in _batches(rows):
            for row in batch:
                yield write([safe_cell(value) for value in self.cells(row)])


def _batches(rows: QuerySet[Any]) -> Iterator[list[Any]]:
    """Go through the table by id: no statement stays open while a slow reader takes the file."""
    ordered, after = rows.order_by("pk"), 0
    while batch := list(ordered.filter(pk__gt=after)[:BATCH]):
        yield batch
        after = batch[-1].pk


def safe_cell(value: object) -> object:
    """Return a value that is safe in a spreadsheet: text that looks like a formula gets a quote in front."""
    if isinstance(value, str) and value.lstrip(" ").startswith(_FORMULA_STARTS):
        return f"'{value}"
    return value


def moment_cell(value: datetime | None) -> str:
    """Return a moment in ISO 8601, to the second, with its offset; empty for None."""
    return timezone.localtime(value).isoformat(timespec="seconds") if value else ""
