"""Uploading on staff pages, by the same service as the API; refusals are shown beside the field.

The page's script sends many files one after the other and asks for JSON; without it the form sends one.
"""

from pathlib import Path
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from unfold.widgets import UnfoldAdminFileFieldWidget, UnfoldBooleanSwitchWidget

from catalog.api.call import call_of
from catalog.api.uploads import max_file_bytes
from catalog.models import Job, Track
from catalog.services.audio import formats
from catalog.services.errors import NotReachableError, UploadRefusedError
from catalog.services.tasks.accepting import accept_job
from catalog.services.tracks.adding import add_track
from staff import audit
from staff.access import person
from webhooks.contract import TaskName


class UploadForm(forms.Form):
    """A file, and the tasks to start with it."""

    file = forms.FileField(
        widget=UnfoldAdminFileFieldWidget,
        error_messages={"required": "Choose an audio file.", "empty": "The file is empty."},
    )
    check = forms.BooleanField(
        label="Check for duplicates", required=False, initial=True, widget=UnfoldBooleanSwitchWidget
    )
    add = forms.BooleanField(label="Add to the index", required=False, initial=True, widget=UnfoldBooleanSwitchWidget)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Show the names of the accepted formats."""
        super().__init__(*args, **kwargs)
        self.fields["file"].widget.attrs["accept"] = ",".join(["audio/*", *sorted(formats.endings())])
        self.fields["file"].help_text = (
            f"Drop any number of files here: {formats.listed('or')}. "
            "The title is the file's name. The tags come from the file."
        )


def upload_view(request: HttpRequest, *, context: dict[str, Any]) -> HttpResponse:
    """Show the form, or store the file and go to its page."""
    form = UploadForm()
    for_script = request.headers.get("Accept") == "application/json"
    if request.method == "POST":
        form = UploadForm(request.POST, request.FILES)
        if call_of(request).upload_too_large:
            form.errors["file"] = form.error_class([_too_large()])
        elif form.is_valid():
            track = _take_in(request, form)
            if track and for_script:
                return JsonResponse({"pk": track.pk, "title": track.title, "url": track.get_absolute_url()})
            if track:
                _say(request, form, track)
                return HttpResponseRedirect(reverse("admin:catalog_track_change", args=[track.pk]))
        if for_script:
            return JsonResponse({"reason": _reason(form)}, status=422)
    context = context | {"title": "Upload tracks", "form": form, "max_bytes": max_file_bytes(), "limit": _too_large()}
    return TemplateResponse(request, "catalog/track_upload.html", context)


def _reason(form: UploadForm) -> str:
    return " ".join(str(error) for errors in form.errors.values() for error in errors)


def _too_large() -> str:
    return f"The file is larger than the limit of {max_file_bytes() // 1024**2} MB."


def _take_in(request: HttpRequest, form: UploadForm) -> Track | None:
    upload = form.cleaned_data["file"]
    try:
        track = add_track(owner=person(request), source=Path(upload.temporary_file_path()), file_name=upload.name)
    except (UploadRefusedError, NotReachableError) as error:
        form.add_error("file", str(error))
        return None
    audit.note(on=track)
    for task_name in _wanted(form):
        accept_job(track=track, owner=person(request), task_name=task_name)
    return track


def _wanted(form: UploadForm) -> list[TaskName]:
    return [Job.Name.CHECK] * form.cleaned_data["check"] + [Job.Name.ADD] * form.cleaned_data["add"]


def _say(request: HttpRequest, form: UploadForm, track: Track) -> None:
    messages.success(
        request, f"“{track.title}” is in the catalog." + (" Its tasks are in the queue." if _wanted(form) else "")
    )
