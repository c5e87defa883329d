"""The columns of a list: all of them, those that a person sees, and those that sort it."""

from collections.abc import Sequence
from typing import Any

from django.contrib.admin.utils import label_for_field
from django.contrib.admin.views.main import ORDER_VAR
from django.http import HttpRequest


def always_there(table: Any) -> set[str]:
    """Return the columns that cannot be hidden: the first, and those that link to the row."""
    links = table.list_display_links or ()
    return {table.list_display[0], *(name for name in links if name in table.list_display)}


def shown(table: Any, chosen: Sequence[str]) -> list[str]:
    """Return the columns in the list's order: the chosen ones, if any, and those that cannot be hidden."""
    every = [str(name) for name in table.list_display]
    return [name for name in every if name in chosen or name in always_there(table)] if chosen else every


def titled(table: Any, name: str) -> str:
    """Return a column's title."""
    title = str(label_for_field(name, table.model, table))
    return title[:1].upper() + title[1:]


def sorting_of(table: Any, request: HttpRequest, columns: Sequence[str], places: str) -> list[str]:
    """Return the names of the columns by which an address sorts: `-2.4` becomes `["-length", "owner"]`."""
    there = _with_boxes(table, request, columns)
    numbers = [(place.startswith("-"), place.removeprefix("-")) for place in places.split(".")]
    known = [(is_down, int(text)) for is_down, text in numbers if text.isascii() and text.isdecimal() and len(text) < 4]
    return [f"{'-' * is_down}{there[number]}" for is_down, number in known if number < len(there)]


def places_of(table: Any, request: HttpRequest, columns: Sequence[str], sorting: Sequence[str]) -> dict[str, str]:
    """Return the address's parameters that sort by columns with these names; empty if the list has none of them."""
    there = _with_boxes(table, request, columns)
    named = [(name.startswith("-"), name.removeprefix("-")) for name in sorting]
    places = [f"{'-' * is_down}{there.index(name)}" for is_down, name in named if name in there]
    return {ORDER_VAR: ".".join(places)} if places else {}


def _with_boxes(table: Any, request: HttpRequest, columns: Sequence[str]) -> list[str]:
    """Return the columns as an address counts them: before them are the boxes, where one may do something."""
    boxes = ["action_checkbox"] if table.get_actions(request) else []
    return [*boxes, *columns]
