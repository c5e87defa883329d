"""Every list of the staff pages: as it is, by each filter, each column and a search, and the page of one row."""
# ruff: noqa: SLF001  (what Django calls private of a model is documented)

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

WORD, NOWHERE = "4711", "none-such"


def addresses(desk: Any) -> Iterator[tuple[str, str, bool]]:
    """Yield a name, an address and whether it searches, for all that the lists of our apps offer."""
    from django.contrib import admin  # noqa: PLC0415  (after django.setup)
    from django.urls import reverse  # noqa: PLC0415

    for model, page in admin.site._registry.items():
        name = f"{model._meta.app_label}.{model._meta.model_name}"
        base = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
        request = desk.get(base).wsgi_request
        changes = page.get_changelist_instance(request)
        yield name, base, False
        if page.date_hierarchy:
            year = f"{page.date_hierarchy}__year"
            yield f"{name} by {year}", f"{base}?{year}=2026", False
        yield from ((f"{name} by {spec.title}", base + _chosen(changes, spec), False) for spec in changes.filter_specs)
        for number, column in enumerate(changes.list_display):
            if column in page.get_sortable_by(request) and changes.get_ordering_field(column):
                yield f"{name} sorted by {column}", f"{base}?o={number}", False
                yield f"{name} sorted by {column} down", f"{base}?o=-{number}", False
        if page.search_fields:
            for word in (WORD, NOWHERE):
                yield f"{name} searched for {word}", f"{base}?{urlencode({'q': word})}", True
        row = model._default_manager.order_by("pk").last()
        if row is not None:
            place = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_change", args=[row.pk])
            yield f"{name}, one", place, False


def _chosen(changes: Any, spec: Any) -> str:
    """Return the query of a filter's last choice that is one."""
    if not hasattr(spec, "choices"):
        return ""
    offered = [choice.get("query_string", "") for choice in spec.choices(changes)]
    return next((query for query in reversed(offered) if query and query != "?"), "")
