"""The filters that are set in a list, each as a few words and a link that removes it."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.contrib.admin.views.main import SEARCH_VAR
from django.forms import Form, ModelChoiceField
from django.http import HttpRequest

from staff.lists.standing import ALL_ROWS, VIEW_VAR
from staff.row_ids import row_id


@dataclass(frozen=True)
class Chip:
    """A filter that is set: its title, its value in words, and the address of the list without it."""

    title: str
    value: str
    without: str


def chips_of(cl: Any, request: HttpRequest) -> list[Chip]:
    """Return what narrows a list: the search, and the filters that are set."""
    searched = [Chip("search", cl.query, without(cl, SEARCH_VAR))] if cl.query else []
    return [*searched, *_of_filters(cl, request)]


def without(cl: Any, *names: str) -> str:
    """Return the list's query without some filters. Without any filter the list opens with the person's view."""
    query: str = cl.get_query_string(dict.fromkeys(names))
    return query if len(query) > 1 else f"?{VIEW_VAR}={ALL_ROWS}"


def _of_filters(cl: Any, request: HttpRequest) -> Iterator[Chip]:
    for spec in cl.filter_specs:
        names = [name for name in spec.expected_parameters() if name]
        if any(request.GET.get(name) for name in names):
            value = _value(spec, cl) or ", ".join(filter(None, map(request.GET.get, names)))
            yield Chip(str(spec.title), value, without(cl, *names))


def _value(spec: Any, cl: Any) -> str:
    for choice in spec.choices(cl):
        if form := choice.get("form"):
            return _typed(form)
        if choice.get("selected"):
            return str(choice["display"])
    return ""


def _typed(form: Form) -> str:
    """Return what a filter's form holds; both ends of a range."""
    texts = [_shown(field, form.data.get(name)) for name, field in form.fields.items()]
    ends = f"{texts[0] or '…'} to {texts[-1] or '…'}"
    return texts[0] if len(texts) == 1 else ends


def _shown(field: Any, value: Any) -> str:
    if isinstance(field, ModelChoiceField):
        row = field.queryset.filter(pk=row_id(str(value or ""))).first()  # type: ignore[union-attr]
        return str(row or value or "")
    return str(dict(getattr(field, "choices", ())).get(value, value or ""))


def has_forms(cl: Any) -> bool:
    """Tell whether a filter of the list is a form, which needs a button to apply it."""
    return any("form" in choice for spec in cl.filter_specs for choice in spec.choices(cl))


def kept_beside(cl: Any) -> list[tuple[str, str]]:
    """Return the parameters of an address beside the filters that are forms: these forms must keep them."""
    typed = {
        name
        for spec in cl.filter_specs
        if any("form" in choice for choice in spec.choices(cl))
        for name in spec.expected_parameters()
    }
    return [(name, value) for name, value in cl.params.items() if name not in typed and value]
