"""What a person has chosen for a list, read once for each request."""

from dataclasses import dataclass
from weakref import WeakKeyDictionary

from django.db.models import Q
from django.http import HttpRequest

from staff.access import person
from staff.models import ListChoice, SavedView
from staff.row_ids import row_id

VIEW_VAR = "view"  # in a list's address: the number of the view that is open, or `ALL_ROWS`
ALL_ROWS = "all"  # the list as it is, whichever view it opens with


@dataclass(frozen=True)
class Standing:
    """The views that a person may open, the open one, the one that the list opens with, and the chosen columns."""

    views: list[SavedView]
    view: SavedView | None
    opens_with: SavedView | None
    columns: list[str]


_known: WeakKeyDictionary[HttpRequest, dict[str, Standing]] = WeakKeyDictionary()


def standing_of(request: HttpRequest, table: str) -> Standing:
    """Return what the person of `request` has chosen for the list of `table`."""
    known = _known.setdefault(request, {})
    if table not in known:
        known[table] = _read(request, table)
    return known[table]


def views_of(request: HttpRequest, table: str) -> list[SavedView]:
    """Return the views that a person may open: their own, and those that are shared with all staff."""
    mine = Q(owner=person(request).pk)
    return list(SavedView.objects.filter(mine | Q(is_shared=True), table=table).select_related("owner"))


def _read(request: HttpRequest, table: str) -> Standing:
    views = views_of(request, table)
    by_number = {view.pk: view for view in views}
    choice = ListChoice.objects.filter(account=person(request).pk, table=table).first()
    view = by_number.get(row_id(request.GET.get(VIEW_VAR, "")))
    opens_with = by_number.get(choice.view_id or 0) if choice else None
    columns = view.columns if view else choice.columns if choice else []
    return Standing(views, view, opens_with, columns)
