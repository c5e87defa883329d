"""The middleware that records every change, export and refusal of a person who is logged in.

Views need not call it: a POST that changed a row is a change, and an attachment in the answer is an export.
"""

import re
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from django.conf import settings
from django.contrib import admin
from django.contrib.auth import get_user_model
from django.db import connection
from django.db.models import Model
from django.http import HttpRequest, QueryDict
from django.http.response import HttpResponseBase

from staff.audit import actors, recording, snapshots
from staff.models import AuditEntry

SAFE = ("GET", "HEAD", "OPTIONS", "TRACE")
MOST_NAMED = 100
_WRITE = re.compile(r"\s*(INSERT(?: OR \w+)? INTO|UPDATE|DELETE FROM)\s+\"?(\w+)", re.IGNORECASE)
# What only remembers what a person looked at or did, or how one likes a list: acts on others' views note themselves.
_NO_CHANGE = ("django_session", "django_admin_log", "staff_savedview", "staff_listchoice")


class RequestAct(recording.Act):
    """A request: who sent it, what it does, and the row that it names before and after."""

    def __init__(self, request: HttpRequest) -> None:
        super().__init__()
        self._request = request
        self._actor: actors.Actor | None = None
        self._before: dict[str, Any] = {}
        self._has_written = False

    def begin(self) -> None:
        """Note who sent it, and the row that the address names."""
        if self._request.method in SAFE or not self._request.user.is_authenticated:
            return
        self._actor = actors.of_request(self._request)
        self.on = _row_named_by(self._request)
        self._before = snapshots.values_of(self.on)

    def watching(self) -> AbstractContextManager[object]:
        """Watch each statement sent to the database. A page that is only read may write too, such as a waveform."""
        return nullcontext() if self._request.method in SAFE else connection.execute_wrapper(self._watch)

    def _watch(self, execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:  # noqa: FBT001
        result = execute(sql, params, many, context)
        write = _WRITE.match(sql)
        if write and write[2] not in _NO_CHANGE:
            # SQLite counts the rows of a statement that returns some only once they are fetched.
            self._has_written |= "RETURNING" in sql or context["cursor"].rowcount != 0
        return result

    def end(self, response: HttpResponseBase) -> None:
        """Store the entry, if there is anything to tell."""
        kind = self._kind(response)
        if kind is None or self.is_recorded or not (actor := self._actor or _reader(self._request)):
            return
        changes = snapshots.differences(self._before, self._after()) if kind == AuditEntry.Kind.CHANGE else {}
        if response.status_code >= 400:
            self.detail["status"] = response.status_code
        if kind == AuditEntry.Kind.EXPORT and self._request.META.get("QUERY_STRING"):
            self.detail["query"] = self._request.META["QUERY_STRING"]
        recording.record(
            name_of(self._request),
            kind=kind,
            actor=actor,
            on=self.on,
            changes=changes,
            **_chosen(self._request),
            **self.detail,
        )

    def _kind(self, response: HttpResponseBase) -> str | None:
        if response.get("Content-Disposition", "").startswith("attachment"):
            return AuditEntry.Kind.EXPORT
        if self._request.method in SAFE:
            return None
        if response.status_code == 403:
            return AuditEntry.Kind.REFUSED
        return AuditEntry.Kind.CHANGE if self._has_written else None

    def _after(self) -> dict[str, Any]:
        """Return the row as it is now; one that was only noted has no before, and so no difference."""
        on = self.on
        if on is None or not (self._before or _is_adding(self._request)):
            return {}
        return snapshots.values_of(snapshots.find(type(on), str(on.pk)))


class AuditMiddleware:
    """Stores the entries. It stands behind session and login, so that it knows the account."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer, and store an entry."""
        act = RequestAct(request)
        token = recording.at_hand.set(act)
        try:
            with act.watching():
                response = self.get_response(request)
            act.end(response)
        finally:
            recording.at_hand.reset(token)
        return response

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> None:  # noqa: ARG002
        """Begin as soon as the view is known."""
        act = recording.at_hand.get()
        # Without the cookie nobody is logged in; asking would load the session for every call of the API.
        if isinstance(act, RequestAct) and settings.SESSION_COOKIE_NAME in request.COOKIES:
            act.begin()


def name_of(request: HttpRequest) -> str:
    """Return the name of what a request does: `webhooks.endpoint.turn_off`, `review_decide`."""
    match = request.resolver_match
    name = str(match.url_name or match.view_name) if match else request.path
    model = _model_of(request)
    if model is None:
        return name
    label = model._meta.label_lower
    action = _form(request).get("action", "") if name.endswith("_changelist") else ""
    return f"{label}.{action or name.removeprefix(_prefix(model))}"


def _model_of(request: HttpRequest) -> type[Model] | None:
    match = request.resolver_match
    if not match or match.namespaces != ["admin"]:
        return None
    name = str(match.url_name)
    return next((model for model in admin.site._registry if name.startswith(_prefix(model))), None)


def _prefix(model: type[Model]) -> str:
    return f"{model._meta.app_label}_{model._meta.model_name}_"


def _row_named_by(request: HttpRequest) -> Model | None:
    match, model = request.resolver_match, _model_of(request)
    if match and match.view_name == "admin:password_change":  # one's own: the address names nobody
        return snapshots.find(get_user_model(), str(request.user.pk))
    key = next(iter(match.kwargs.values()), None) if match else None
    return snapshots.find(model, str(key)) if model and key is not None else None


def _is_adding(request: HttpRequest) -> bool:
    return name_of(request).endswith(".add")


def _reader(request: HttpRequest) -> actors.Actor | None:
    if settings.SESSION_COOKIE_NAME not in request.COOKIES or not request.user.is_authenticated:
        return None
    return actors.of_request(request)


def _chosen(request: HttpRequest) -> dict[str, Any]:
    """Return the rows that an action of a list was asked to work on."""
    rows = _form(request).getlist("_selected_action")
    if not rows:
        return {}
    all_of_list = _form(request).get("select_across", "0") != "0"
    return {"rows": rows[:MOST_NAMED], "row_count": "all of the list" if all_of_list else len(rows)}


def _form(request: HttpRequest) -> QueryDict:
    """Return what was sent where the view has read it: reading it for the entry alone could fail, or take a file in."""
    return request.POST if hasattr(request, "_post") else QueryDict()
