"""The index's page: how large it is, and whether it is up to date."""

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from catalog.selectors.overview import indexed_count
from catalog.services import housekeeping
from catalog.services.index import backend
from catalog.services.index import status as index_status
from catalog.services.index.one_look import OneLook
from staff.access import staff_only

_cluster = OneLook(index_status.cluster_facts)


@require_GET
@never_cache
@staff_only("catalog.view_indexoperation")
def index(request: HttpRequest) -> HttpResponse:
    """Show the newest generation and the operations since; for an index in a cluster, what the cluster answers."""
    if backend.in_cluster():
        is_complete, facts = _cluster.answer()
        context = {"title": "Index", "is_complete": is_complete, "facts": facts, "in_log": indexed_count()}
        return TemplateResponse(request, "catalog/index_cluster.html", admin.site.each_context(request) | context)
    status = index_status.status()
    context = admin.site.each_context(request) | {
        "title": "Index",
        "status": status,
        "generation": status.generation,
        "in_log": indexed_count(),
        "compacted_after": housekeeping.COMPACT_AFTER_OPERATIONS,
        "versions": _in_words(status.generation.versions) if status.generation else {},
        "is_late": status.behind > index_status.MOST_BEHIND,
    }
    return TemplateResponse(request, "catalog/index.html", context)


def _in_words(versions: dict[str, str | int]) -> dict[str, str | int]:
    return {name.replace("_", " "): value for name, value in versions.items()}
