"""What a person does with a list: choosing columns; saving, changing and deleting views.

All are forms that lead back to the list. The audit trail records them only if the view is another person's.
"""

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from django.contrib import admin, messages
from django.contrib.admin.views.main import ORDER_VAR, PAGE_VAR
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.urls import reverse
from django.views.decorators.http import require_POST

from staff import audit
from staff.access import person, staff_only
from staff.audit import actors
from staff.lists.columns import places_of, shown, sorting_of
from staff.lists.standing import ALL_ROWS, VIEW_VAR, standing_of, views_of
from staff.models import ListChoice, SavedView
from staff.row_ids import row_id

MOST_VIEWS = 100  # of one person, on one list
MOST_OF_A_NAME = 80  # characters
MOST_OF_A_QUERY = 4000  # characters
MAY_CHANGE_OTHERS = "staff.change_savedview"
_ACTS = ("open", "rename", "share", "save")  # on a saved view


def table_named(request: HttpRequest, name: str) -> Any:
    """Return the table of the admin that a form names.

    Raises:
        PermissionDenied: there is none, or the person may not look at it.

    """
    by_name = {model._meta.label_lower: table for model, table in admin.site._registry.items()}  # noqa: SLF001
    table = by_name.get(name)
    if table is None or not table.has_view_permission(request):
        raise PermissionDenied
    return table


def list_url(table: Any, query: dict[str, Any] | QueryDict | None = None) -> str:
    """Return the address of a list."""
    base = reverse(f"admin:{table.opts.app_label}_{table.opts.model_name}_changelist")
    text = query.urlencode() if isinstance(query, QueryDict) else urlencode(query or {}, doseq=True)
    return f"{base}?{text}" if text else base


def view_url(request: HttpRequest, table: Any, view: SavedView) -> str:
    """Return the address of a list with a saved view."""
    query = QueryDict(view.query, mutable=True)
    for name, value in places_of(table, request, shown(table, view.columns), view.sorting).items():
        query[name] = value
    query[VIEW_VAR] = str(view.pk)
    return list_url(table, query)


@require_POST
@staff_only()
def choose_columns(request: HttpRequest, table: str) -> HttpResponse:
    """Show the chosen columns from now on; the list's own if none are sent."""
    of = table_named(request, table)
    asked = _asked(request)
    before = _columns_of(request, of, asked)
    columns = [name for name in of.list_display if name in request.POST.getlist("columns")]
    ListChoice.objects.update_or_create(account=person(request), table=table, defaults={"columns": columns})
    sorting = sorting_of(of, request, before, asked.get(ORDER_VAR, ""))
    asked.pop(ORDER_VAR, None)
    asked.pop(VIEW_VAR, None)  # its columns would be shown
    query = {name: asked.getlist(name) for name in asked} | places_of(of, request, shown(of, columns), sorting)
    return HttpResponseRedirect(list_url(of, query or {VIEW_VAR: ALL_ROWS}))


@require_POST
@staff_only()
def save_view(request: HttpRequest, table: str) -> HttpResponse:
    """Save the list as it is as a view with a name."""
    of = table_named(request, table)
    name = _name(request)
    if not name:
        messages.error(request, "Give the view a name.")
        return _back(request, of)
    if SavedView.objects.filter(owner=person(request), table=table).count() >= MOST_VIEWS:
        messages.error(request, f"You have {MOST_VIEWS} views of this list. Delete one first.")
        return _back(request, of)
    view = SavedView(owner=person(request), table=table, name=name, is_shared=bool(request.POST.get("shared")))
    _take(request, of, view)
    if not _stored(view):
        messages.error(request, f"You have a view “{name}” already. Choose another name.")
        return _back(request, of)
    if request.POST.get("opens"):
        _open_with(request, table, view)
    return HttpResponseRedirect(view_url(request, of, view))


@require_POST
@staff_only()
def change_view(request: HttpRequest, view_id: int) -> HttpResponse:
    """Do what the pressed button says: rename, share, save the list as it is now, or open the list with this view."""
    view = _visible(request, view_id)
    of = table_named(request, view.table)
    act = request.POST.get("act", "")
    if act not in _ACTS:
        raise Http404("There is no such action.")
    if act == "open":
        is_opened = standing_of(request, view.table).opens_with == view
        _open_with(request, view.table, None if is_opened else view)
        return HttpResponseRedirect(view_url(request, of, view))
    _refuse_strangers(request, view)
    before = (view.name, view.is_shared, view.query)
    if act == "rename":
        view.name = _name(request) or view.name
    elif act == "share":
        view.is_shared = not view.is_shared
    elif act == "save":
        _take(request, of, view)
    if not _stored(view):
        messages.error(request, f"There is a view “{view.name}” already. Choose another name.")
        return _back(request, of)
    after = (view.name, view.is_shared, view.query)
    names = ("name", "is_shared", "query")
    _note(request, view, act, {n: [a, b] for n, a, b in zip(names, before, after, strict=True) if a != b})
    return HttpResponseRedirect(view_url(request, of, view))


@require_POST
@staff_only()
def delete_view(request: HttpRequest, view_id: int) -> HttpResponse:
    """Delete a view. Lists that opened with it show all rows again."""
    view = _visible(request, view_id)
    of = table_named(request, view.table)
    _refuse_strangers(request, view)
    _note(request, view, "delete", {})
    view.delete()
    messages.success(request, f"The view “{view.name}” was deleted.")
    return HttpResponseRedirect(list_url(of, {VIEW_VAR: ALL_ROWS}))


def _name(request: HttpRequest) -> str:
    """Return the name that a form gives a view, as far as its column holds it."""
    return request.POST.get("name", "").replace("\0", "").strip()[:MOST_OF_A_NAME]


def _visible(request: HttpRequest, view_id: int) -> SavedView:
    view = SavedView.objects.select_related("owner").filter(pk=row_id(str(view_id))).first()
    if view is None or not (view.is_shared or view.owner_id == person(request).pk or _may_change_others(request)):
        raise PermissionDenied
    return view


def _may_change_others(request: HttpRequest) -> bool:
    return person(request).has_perm(MAY_CHANGE_OTHERS)


def _refuse_strangers(request: HttpRequest, view: SavedView) -> None:
    if view.owner_id != person(request).pk and not _may_change_others(request):
        raise PermissionDenied


def _note(request: HttpRequest, view: SavedView, act: str, changes: dict[str, Any]) -> None:
    """Leave an entry where it is somebody else's view: how one likes one's own lists is nobody's business."""
    if view.owner_id != person(request).pk:
        actor = actors.of_request(request)
        audit.record(f"staff.savedview.{act}", actor=actor, on=view, changes=changes, owner=view.owner.get_username())


def _take(request: HttpRequest, table: Any, view: SavedView) -> None:
    """Put the filters, the sorting and the columns of the list that the form was sent from in a view."""
    asked = _asked(request)
    view.columns = _columns_of(request, table, asked)
    view.sorting = sorting_of(table, request, view.columns, asked.get(ORDER_VAR, ""))
    for name in (ORDER_VAR, PAGE_VAR, VIEW_VAR, "e"):
        asked.pop(name, None)
    view.query = asked.urlencode()


def _asked(request: HttpRequest) -> QueryDict:
    """Return the address of the list that the form was sent from."""
    return QueryDict(request.POST.get("query", "").replace("\0", "")[:MOST_OF_A_QUERY].removeprefix("?"), mutable=True)


def _columns_of(request: HttpRequest, table: Any, asked: QueryDict) -> list[str]:
    """Return the columns that the list had when the form was sent."""
    label = table.opts.label_lower
    opened = next((view for view in views_of(request, label) if str(view.pk) == asked.get(VIEW_VAR)), None)
    choice = ListChoice.objects.filter(account=person(request), table=label).first()
    chosen: Sequence[str] = opened.columns if opened else choice.columns if choice else []
    return shown(table, chosen)


def _stored(view: SavedView) -> bool:
    try:
        with transaction.atomic():
            view.save()
    except IntegrityError:
        return False
    return True


def _open_with(request: HttpRequest, table: str, view: SavedView | None) -> None:
    ListChoice.objects.update_or_create(account=person(request), table=table, defaults={"view": view})


def _back(request: HttpRequest, table: Any) -> HttpResponse:
    return HttpResponseRedirect(list_url(table, _asked(request)))
