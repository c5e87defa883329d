"""Pages of rows, newest first, by a cursor: as fast at any depth, and stable while rows are added."""

from typing import Any

from django.db.models import Model, Q
from rest_framework.exceptions import ValidationError
from rest_framework.pagination import BasePagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

PAGE_ROWS = 50  # of a page whose size is not asked for
MOST_ROWS = 100
_CURSOR = "cursor"
_LIMIT = "limit"
NAMES = (_CURSOR, _LIMIT)


def limit_of(request: Request) -> int:
    """Return how many rows the client asks for. Raises `ValidationError` (422) unless it is from 1 to the most."""
    text = request.query_params.get(_LIMIT, str(PAGE_ROWS))
    if not (text.isascii() and text.isdigit() and len(text) < 5 and 1 <= int(text) <= MOST_ROWS):
        raise ValidationError({_LIMIT: [f"This must be a whole number from 1 to {MOST_ROWS}."]})
    return int(text)


class CursorPages(BasePagination):
    """Pages whose cursor is the id of the last row of the page before, as the API shows it.

    A view names the column of that id in `cursor_field`; `cursor_rows(request, cursor)` finds the row, also one that
    the filters leave out or that was removed since.
    """

    next_cursor: str | None = None

    def paginate_queryset(self, queryset: Any, request: Request, view: APIView | None = None) -> list[Any] | None:
        """Return the rows of one page."""
        size = limit_of(request)
        cursor = request.query_params.get(_CURSOR)
        if cursor is not None:
            queryset = queryset.filter(_behind(view.cursor_rows(request, cursor).first()))  # type: ignore[union-attr]
        rows = list(queryset.order_by("-created_at", "-pk")[: size + 1])
        if len(rows) > size:
            self.next_cursor = str(getattr(rows[size - 1], view.cursor_field))  # type: ignore[union-attr]
        return rows[:size]

    def get_paginated_response(self, data: Any) -> Response:
        """Answer a page."""
        return Response({"results": data, "next_cursor": self.next_cursor})

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        """Return the schema of a page."""
        cursor = {
            "type": ["string", "null"],
            "description": "`cursor` of the next page; null on the last one",
            "example": None,
        }
        return {
            "type": "object",
            "required": ["results", "next_cursor"],
            "properties": {"results": schema, "next_cursor": cursor},
        }

    def get_schema_operation_parameters(self, view: APIView) -> list[dict[str, Any]]:  # noqa: ARG002
        """Return what a page is asked for with."""
        limit = {"type": "integer", "minimum": 1, "maximum": MOST_ROWS, "default": PAGE_ROWS}
        return [
            _parameter(_CURSOR, {"type": "string"}, "`next_cursor` of the page before; left out for the first page"),
            _parameter(_LIMIT, limit, "Rows of a page"),
        ]


def _parameter(name: str, schema: dict[str, Any], words: str) -> dict[str, Any]:
    return {"name": name, "in": "query", "required": False, "description": words, "schema": schema}


def _behind(last: Model | None) -> Q:
    """Match what comes after a row in a list that has the newest first."""
    if last is None:
        raise ValidationError({_CURSOR: ["There is no such page. Begin with the first one."]})
    at = last.created_at  # type: ignore[attr-defined]
    return Q(created_at__lte=at) & (Q(created_at__lt=at) | Q(created_at=at, pk__lt=last.pk))
