"""Every URL of the site and whom it is for."""

import re
import uuid
from collections.abc import Iterator
from typing import Any

from django.urls import get_resolver
from django.urls.resolvers import URLPattern, URLResolver

ANYBODY = "anybody"  # nothing of an account's is behind it
KEY = "an API key"
STAFF = "any member of staff"  # shows only what the member has permissions for
PERMITTED = "staff with the permission"

# Every table of the admin, and what its pages can do beside the five that Django gives each.
TABLES = {
    **{f"auth/{name}": () for name in ("group",)},
    "auth/user": ("<id>/password/",),
    **{f"catalog/{name}": () for name in ("audiofile", "fingerprint", "indexoperation")},
    "catalog/match": ("export/", "<path:object_id>/evidence/"),
    "catalog/apikey": ("<path:object_id>/revoke/",),
    "catalog/bulkwork": ("<path:object_id>/stop/", "<path:object_id>/undo/"),
    "catalog/evidencelink": ("<path:object_id>/revoke/",),
    "catalog/rule": tuple(
        f"<path:object_id>/{name}/" for name in ("try", "run", "stop", "switch-on", "switch-off", "undo")
    ),
    "catalog/decision": ("<path:object_id>/undo/", "export/"),
    "catalog/waitingpair": (),
    "catalog/job": ("<path:object_id>/run-again/", "<path:object_id>/stop/"),
    "catalog/track": (
        *("<int:track_id>/remove/", "<path:object_id>/restore/", "arrivals/", "export/"),
        *("<path:object_id>/add-to-index/", "<path:object_id>/check/"),
        *("<path:object_id>/confirm/", "<path:object_id>/withdraw/", "<path:object_id>/keep/"),
    ),
    **{f"django_q/{name}": () for name in ("failure", "ormq", "schedule")},
    **{f"webhooks/{name}": () for name in ("attempt", "received")},
    "webhooks/refused": ("<path:object_id>/try-signature/",),
    "staff/auditentry": (),
    "webhooks/endpoint": (
        "over-time/",
        *(
            f"<path:object_id>/{name}/"
            for name in ("send_test", "verify_again", "rotate_secret", "recover_failed", "replay", "turn_off")
        ),
    ),
    "webhooks/message": ("<path:object_id>/send_again/", "<path:object_id>/delete_content/"),
    "webhooks/source": ("<path:object_id>/rotate_secret/",),
}
OF_EACH = ("", "add/", *(f"<path:object_id>/{name}" for name in ("history/", "delete/", "change/", "")))
ROWS = {
    **dict.fromkeys(("", "favicon.ico", "admin/login/"), ANYBODY),
    **dict.fromkeys(("api/schema/", "api/schema", "api/docs/", "api/docs"), ANYBODY),
    **dict.fromkeys(("health/live", "health/ready"), ANYBODY),
    **dict.fromkeys(("webhooks/incoming/<str:slug>/", "webhooks/incoming/<str:slug>"), ANYBODY),
    **dict.fromkeys(("admin/", "admin/search/", "admin/logout/", "admin/jsi18n/", "admin/autocomplete/"), STAFF),
    **dict.fromkeys(("admin/password_change/", "admin/password_change/done/"), STAFF),
    "admin/r/<path:content_type_id>/<path:object_id>/": STAFF,
    "admin/^(?P<app_label>auth|staff|django_q|webhooks|catalog)/$": STAFF,
    "admin/(?P<url>.*)$": STAFF,
    **{f"admin/{table}/{page}": PERMITTED for table, more in TABLES.items() for page in (*OF_EACH, *more)},
    **{f"api/v1/{call}": KEY for call in ("music", "music/<str:music_id>", "task", "events", "key")},
    **{f"api/v1/fingerprint{call}": KEY for call in ("", "/add", "/check", "/remove")},
    **{f"admin/views/{form}/": PERMITTED for form in ("<str:table>/columns", "<str:table>/save")},
    **{f"admin/views/<int:view_id>/{act}/": PERMITTED for act in ("change", "delete")},
    "api/v1/callback-url": KEY,
    **{
        f"api/v1/callback-url/<str:url_id>{what}": KEY
        for what in (
            *("", "/verify", "/secret", "/rotate", "/test", "/recover", "/replay", "/deliveries"),
            *("/deliveries/<str:message_id>", "/deliveries/<str:message_id>/content"),
        )
    },
    **{
        f"api/v1/uploads{what}": KEY
        for what in ("", "/", "/presigned", "/<str:upload_id>", "/<str:upload_id>/complete")
    },
    **{f"api/v1/task/result/<str:task_id>{what}": KEY for what in ("", "/matches")},
    **{f"catalog/audio/<uuid:music_id>/{what}": PERMITTED for what in ("", "peaks/", "spectrogram.png", "telling.svg")},
    **{f"catalog/review/{what}": PERMITTED for what in ("", "bulk/", "next/", "previous/", "skipped/")},
    "catalog/review/undo/<int:decision_id>/": PERMITTED,
    **{f"catalog/review/<int:first>/<int:second>/{what}": PERMITTED for what in ("", "decide/", "skip/")},
    **{f"catalog/review/<int:first>/<int:second>/{what}/": PERMITTED for what in ("note", "give", "opinion")},
    **{f"catalog/review/group/<int:track_id>/{what}": PERMITTED for what in ("", "decide/")},
    **{f"catalog/uses/{what}": PERMITTED for what in ("", "<int:track_id>/", "<int:track_id>/decide/")},
    "catalog/uses/<int:track_id>/undo/<int:decision_id>/": PERMITTED,
    "catalog/uses/<int:track_id>/tracks.<str:kind>": PERMITTED,
    "catalog/evidence/<str:token>/": ANYBODY,  # who has a signed link; one pair and no more is behind it
    **{f"catalog/copies-to-remove/{what}": PERMITTED for what in ("", "remove/")},
    "catalog/index/": PERMITTED,
    "catalog/sidebar/": STAFF,
    **{f"catalog/scan/{what}": PERMITTED for what in ("", "new/", "start/", "schedules/new/")},
    **{f"catalog/scan/<int:scan_id>/{what}": PERMITTED for what in ("", "cancel/", "resume/")},
    **{f"catalog/scan/schedules/<int:schedule_id>/{what}": PERMITTED for what in ("", "switch/", "delete/")},
}


def routes(within: Any = None, prefix: str = "") -> Iterator[str]:
    """Every route of the URLconf."""
    for pattern in (within or get_resolver()).url_patterns:
        route = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from routes(pattern, route)
        elif isinstance(pattern, URLPattern):
            yield route


def paths_for(*kinds: str) -> list[str]:
    """Return the paths of these kinds with something in every place."""
    return [filled(route) for route, kind in ROWS.items() if kind in kinds]


def filled(route: str) -> str:
    text = route.replace("^(?P<app_label>auth|staff|django_q|webhooks|catalog)/$", "catalog/")
    text = text.replace("(?P<url>.*)$", "nothing-of-this-name/")
    text = text.replace("<uuid:music_id>", str(uuid.UUID(int=7))).replace(
        "<str:task_id>", "task_20260402055414_LmxwriSZ"
    )
    return "/" + re.sub(r"<[^>]+>", "1", text)
