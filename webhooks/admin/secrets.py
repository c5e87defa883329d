"""Secrets on staff pages: a button makes one, once, and only that answer shows it."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.response import TemplateResponse
from django.utils.html import format_html
from unfold.admin import ModelAdmin
from unfold.forms import BaseDialogForm

from staff.admin.dialogs import back_to
from staff.row_ids import page_of, row_or_404
from webhooks.models import Endpoint, Source
from webhooks.services import RotatedMeanwhileError, secret_mark


class RotateForm(BaseDialogForm):  # type: ignore[misc]
    """Carries which secret was current when the dialog was opened, so that a second press rotates nothing."""

    holder: type[Endpoint | Source]
    seen = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, request: HttpRequest, object_id: str, **kwargs: Any) -> None:
        """Note which secret is current."""
        super().__init__(request, object_id, **kwargs)
        self.fields["seen"].initial = secret_mark(row_or_404(self.holder, object_id))


def rotate(request: HttpRequest, form: RotateForm, obj: Model, make: Callable[..., str], *, note: str) -> HttpResponse:
    """Answer a dialog with the new secret of `obj`; `make` makes it, unless the secret was rotated meanwhile."""
    try:
        secret = make(seen=form.cleaned_data["seen"])
    except RotatedMeanwhileError as error:
        return _rotated_meanwhile(request, obj, error)
    return _show_secret_once(request, secret=secret, note=note)


def _rotated_meanwhile(request: HttpRequest, obj: Model, error: RotatedMeanwhileError) -> HttpResponse:
    """Answer a dialog whose secret is another one by now; a secret that the page shows stays there."""
    if request.headers.get("HX-Request"):
        return HttpResponse(format_html('<div id="dialog-form" class="mb-6" role="alert">{}</div>', str(error)))
    messages.error(request, str(error))
    return back_to(request, obj)


def secret_page(model_admin: ModelAdmin, request: HttpRequest, obj: Model, *, secret: str) -> HttpResponse:
    """Answer the form that made `obj` with its secret: in this very answer, so that no cookie or session holds it."""
    context = model_admin.admin_site.each_context(request) | {
        "opts": model_admin.opts,
        "title": f"The secret of {obj}",
        "secret": secret,
        "next_url": page_of(obj),
    }
    return TemplateResponse(request, "webhooks/secret_made.html", context)


def _show_secret_once(request: HttpRequest, *, secret: str, note: str) -> HttpResponse:
    """Answer a dialog with a secret that is on no other page."""
    answer = render(request, "webhooks/secret_once.html", {"secret": secret, "note": note})
    # The whole dialog is replaced: its submit button would make yet another secret.
    for name, value in (("Retarget", "#dialog"), ("Reselect", "#dialog"), ("Reswap", "outerHTML")):
        answer.headers[f"HX-{name}"] = value
    return answer
