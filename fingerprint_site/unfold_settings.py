"""The admin theme's own settings: its name, the sidebar, and the first page."""

from typing import Any

from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import reverse_lazy


def _css(request: HttpRequest) -> str:  # noqa: ARG001  (the theme's signature)
    return static("staff/staff.css")


def _tables(request: HttpRequest) -> str:  # noqa: ARG001
    return static("staff/tables.css")


def _live(request: HttpRequest) -> str:  # noqa: ARG001
    return static("staff/live.js")


def _copy(request: HttpRequest) -> str:  # noqa: ARG001
    return static("staff/copy.js")


def _select_names(request: HttpRequest) -> str:  # noqa: ARG001
    return static("staff/select_names.js")


def _icon(request: HttpRequest) -> str:  # noqa: ARG001
    return static("catalog/icon.svg")


def _table(title: str, icon: str, model: str, **more: Any) -> dict[str, Any]:
    """Return a sidebar entry for a model's list, shown to those who may see it."""
    app, name = model.split(".")
    return {
        "title": title,
        "icon": icon,
        "link": reverse_lazy(f"admin:{app}_{name}_changelist"),
        "permission": lambda request: request.user.has_perm(f"{app}.view_{name}"),
        **more,
    }


def _is_of_callback_urls(request: HttpRequest) -> bool:
    """Tell whether a page is of callback URLs: their health has an entry of its own, at an address below theirs."""
    below = request.path.removeprefix(str(reverse_lazy("admin:webhooks_endpoint_changelist")))
    return below != request.path and not below.startswith("over-time/")


def _group(title: str, *items: dict[str, Any], folded: bool = False) -> dict[str, Any]:
    return {"title": title, "separator": True, "collapsible": folded, "items": list(items)}


UNFOLD: dict[str, Any] = {
    "SITE_TITLE": "Music fingerprints",
    "SITE_HEADER": "Music fingerprints",
    "SITE_SYMBOL": "graphic_eq",
    "SITE_URL": None,  # these pages are the site
    "SHOW_HISTORY": True,
    "SHOW_VIEW_ON_SITE": False,
    "SITE_FAVICONS": [{"rel": "icon", "type": "image/svg+xml", "href": _icon}],
    "STYLES": [_css, _tables],
    "SCRIPTS": [_select_names, _live, _copy],
    "DASHBOARD_CALLBACK": "catalog.pages.overview.dashboard",
    "SIDEBAR": {
        "show_search": False,  # the field in the header finds pages too
        "navigation": [
            {
                "items": [
                    {"title": "Overview", "icon": "space_dashboard", "link": reverse_lazy("admin:index")},
                    {
                        "title": "Duplicate review",
                        "icon": "compare",
                        "link": reverse_lazy("catalog:review"),
                        "badge": "catalog.pages.overview.pairs_badge",
                        "permission": lambda request: request.user.has_perm("catalog.view_match"),
                    },
                    {
                        "title": "Waiting pairs",
                        "icon": "rule",
                        "link": reverse_lazy("admin:catalog_waitingpair_changelist"),
                        "permission": lambda request: request.user.has_perm("catalog.view_match"),
                    },
                    {
                        "title": "Uses",
                        "icon": "queue_music",
                        "link": reverse_lazy("catalog:uses"),
                        "permission": lambda request: request.user.has_perm("catalog.view_match"),
                    },
                    _table("Rules", "bolt", "catalog.rule"),
                    {
                        "title": "Copies to remove",
                        "icon": "delete_sweep",
                        "link": reverse_lazy("catalog:copies_to_remove"),
                        "permission": lambda request: request.user.has_perm("catalog.view_decision"),
                    },
                    {
                        "title": "Duplicate scans",
                        "icon": "manage_search",
                        "link": reverse_lazy("catalog:scan"),
                        "permission": lambda request: request.user.has_perm("catalog.view_scan"),
                    },
                ]
            },
            _group(
                "Catalog",
                _table("Tracks", "library_music", "catalog.track"),
                _table("Tasks", "task_alt", "catalog.job"),
                _table("Matches", "join_inner", "catalog.match"),
                _table("Evidence links", "ios_share", "catalog.evidencelink"),
                _table("Decisions", "gavel", "catalog.decision"),
                _table("Bulk actions", "checklist", "catalog.bulkwork"),
            ),
            _group(
                "Callbacks",
                _table("Callback URLs", "link", "webhooks.endpoint", active=_is_of_callback_urls),
                {
                    "title": "Callback health",
                    "icon": "monitor_heart",
                    "link": reverse_lazy("admin:webhooks_endpoint_over_time"),
                    "permission": lambda request: request.user.has_perm("webhooks.view_endpoint"),
                },
                _table("Callbacks out", "outbox", "webhooks.message"),
                _table("Callbacks in", "inbox", "webhooks.received"),
                _table("Sources", "input", "webhooks.source"),
                _table("Refused", "block", "webhooks.refused"),
            ),
            _group(
                "Accounts",
                _table("API keys", "key", "catalog.apikey"),
                _table("Users", "person", "auth.user"),
                _table("Groups", "group", "auth.group"),
                _table("Audit trail", "policy", "staff.auditentry"),
                {"title": "API documentation", "icon": "description", "link": reverse_lazy("api-docs")},
            ),
            _group(
                "Under the hood",
                _table("Audio files", "audio_file", "catalog.audiofile"),
                _table("Fingerprints", "fingerprint", "catalog.fingerprint"),
                {
                    "title": "Index",
                    "icon": "database",
                    "link": reverse_lazy("catalog:index"),
                    "permission": lambda request: request.user.has_perm("catalog.view_indexoperation"),
                },
                _table("Index log", "list_alt", "catalog.indexoperation"),
                _table("Queue", "pending", "django_q.ormq"),
                _table("Queue failures", "report", "django_q.failure"),
                _table("Schedules", "schedule", "django_q.schedule"),
                folded=True,
            ),
        ],
    },
}
