"""Buttons that ask before they act, and the answers to their dialogs."""

from collections.abc import Callable
from typing import Any, TypeVar

from django.db.models import Model
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from unfold.decorators import action

from staff.row_ids import page_of

_Method = TypeVar("_Method", bound=Callable[..., HttpResponse])


def confirmed_action(
    *, description: str, icon: str, permission: str, dialog: dict[str, Any]
) -> Callable[[_Method], _Method]:
    """Make a method a button that asks first. The method runs on POST, with the CSRF token.

    `dialog` has the texts; its button says what happens.
    """
    decorate: Callable[[_Method], _Method] = action(
        description=description,
        icon=icon,
        permissions=[permission, "touch"],
        dialog={"form_submit_text": description} | dialog,
    )
    return decorate


def back_to(request: HttpRequest, obj: Model) -> HttpResponse:
    """Answer a dialog by going to the page of `obj`; by htmx if htmx opened the dialog."""
    if request.headers.get("HX-Request"):
        return HttpResponse(headers={"HX-Redirect": page_of(obj)})
    return HttpResponseRedirect(page_of(obj))
