"""How the search finds callbacks and their URLs."""

from typing import Any
from urllib.parse import urlencode

from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse

from staff.search import Hit, Page, TableKind, register
from staff.search.kinds import Texts, by_id, by_the_list, why
from webhooks.models import Endpoint, Message, Received, Source


def _said_of_url(endpoint: Endpoint) -> Texts:
    yield "URL", endpoint.url
    yield "name", endpoint.name
    yield "owner", endpoint.owner.get_username()


def _to_the_url(request: HttpRequest, asked: str, most: int) -> list[Hit]:
    """Lead to all callbacks of a URL: there are thousands, and the list has them newest first."""
    table = admin.site._registry[Endpoint]  # noqa: SLF001
    if not table.has_view_permission(request):
        return []
    urls = by_the_list(table, request, asked).select_related("owner")[:most]
    return [Hit(_callbacks_of(one), f"All callbacks to {one}", why(_said_of_url(one), asked, "")) for one in urls]


def _callbacks_of(endpoint: Endpoint) -> str:
    return f"{reverse('admin:webhooks_message_changelist')}?{urlencode({'endpoint__id__exact': endpoint.pk})}"


def _said_of_callback(message: Any) -> Texts:
    yield "message id", message.message_id
    yield "task", message.subject


register(
    TableKind(
        30,
        Message,
        "outbox",
        _said_of_callback,
        by_id,
        beside=lambda message: f"{message.get_state_display()} · {message.endpoint}",
        related=("endpoint",),
        also=_to_the_url,
    ),
    TableKind(
        40,
        Received,
        "inbox",
        lambda received: [("message id", received.message_id), ("task", received.task_id)],
        by_id,
        beside=lambda received: f"{received.status} · {received.source}",
        related=("source",),
    ),
    TableKind(
        50,
        Endpoint,
        "link",
        _said_of_url,
        beside=lambda endpoint: endpoint.owner.get_username(),
        related=("owner",),
    ),
    TableKind(60, Source, "input", lambda source: [("name", source.slug)]),
    Page("Add a callback URL", "admin:webhooks_endpoint_add", "webhooks.add_endpoint", "new webhook"),
    Page("Create a source", "admin:webhooks_source_add", "webhooks.add_source", "new webhook sender in"),
)
