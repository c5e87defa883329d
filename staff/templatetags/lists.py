"""What stands above a list: its filters, their chips, its views and its columns."""

from typing import Any

from django import template
from django.contrib.admin.views.main import ORDER_VAR
from django.template.context import Context
from django.utils.html import format_html
from django.utils.safestring import SafeString

from staff.access import person
from staff.lists.acts import MAY_CHANGE_OTHERS, view_url
from staff.lists.chips import chips_of, has_forms, kept_beside, without
from staff.lists.columns import always_there, titled
from staff.lists.own import OwnLists
from staff.lists.standing import VIEW_VAR, standing_of

register = template.Library()


@register.inclusion_tag("staff/list_filters.html", takes_context=True)
def list_filters(context: Context, cl: Any) -> dict[str, Any]:
    """Return the list's filters for a menu, and those that are set as chips."""
    request = context["request"]
    chips = chips_of(cl, request)
    return {
        "cl": cl,
        "chips": chips,
        "clear": without(cl, *(name for name in cl.params if name not in (ORDER_VAR, VIEW_VAR))),
        "has_forms": has_forms(cl),
        "kept": kept_beside(cl),
        "request": request,
    }


@register.inclusion_tag("staff/list_views.html", takes_context=True)
def list_views(context: Context, cl: Any) -> dict[str, Any]:
    """Return the list's views and columns for two menus."""
    request, table = context["request"], cl.model_admin
    standing = standing_of(request, table.opts.label_lower)
    me = person(request)
    views = [(view, view_url(request, table, view), view.owner_id == me.pk) for view in standing.views]
    columns = [
        (name, titled(table, name), name in cl.list_display, name in always_there(table)) for name in table.list_display
    ]
    may_change = standing.view and (standing.view.owner_id == me.pk or me.has_perm(MAY_CHANGE_OTHERS))
    return {
        "table": table.opts.label_lower,
        "standing": standing,
        "views": views,
        "columns": columns,
        "may_change": may_change,
        "query": request.GET.urlencode(),
        "csrf_token": context.get("csrf_token"),
    }


@register.simple_tag(takes_context=True)
def list_shape(context: Context, cl: Any) -> SafeString:
    """Return which columns are wide and which may be hidden, by position, as attributes for the style sheet."""
    table: Any = cl.model_admin
    if not isinstance(table, OwnLists):
        return SafeString("")
    standing = standing_of(context["request"], cl.opts.label_lower)
    late = "" if standing.columns else _places(cl, table.late_columns)
    return format_html('data-wide="{}" data-late="{}"', _places(cl, table.wide_columns), late)


def _places(cl: Any, wanted: tuple[str, ...]) -> str:
    """Return where these columns stand, counted from one as style sheets count."""
    names = list(cl.list_display)
    return " ".join(str(names.index(name) + 1) for name in wanted if name in names)
