"""Tracks: the catalog's main table, and a page for each."""

from datetime import timedelta
from typing import Any, ClassVar

from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from unfold.contrib.filters.admin import AutocompleteSelectFilter

from catalog.admin.track_columns import Playable
from catalog.admin.track_confirming import ConfirmingActions
from catalog.admin.track_filters import (
    AddedFilter,
    ArtistFilter,
    BulkActionFilter,
    CheckedFilter,
    DamageFilter,
    FormatFilter,
    IndexedFilter,
    PresenceFilter,
    ScannedFilter,
    SourceFilter,
)
from catalog.admin.track_keeping import KeepingAction
from catalog.admin.track_list import TrackColumns
from catalog.models import BulkWork, Job, Track
from catalog.pages.track_arrivals import arrivals_view
from catalog.pages.track_export import TRACKS_FILE
from catalog.pages.track_upload import upload_view
from catalog.selectors.families import with_open_pairs
from catalog.selectors.track_filters import searched
from catalog.selectors.tracks import history_of, loss_of, with_standing
from catalog.selectors.uses import with_uses
from catalog.services.errors import CatalogError, TrackGoneError
from catalog.services.tasks.accepting import accept_job
from catalog.services.tracks import bulk_work
from catalog.services.tracks.families import members_of
from catalog.services.tracks.removal import remove_track, restorable, restore_track
from staff import audit
from staff.access import person
from staff.admin.exports import Exported
from staff.row_ids import row_id

NAMED_TITLES = 10


@admin.register(Track)
class TrackAdmin(Playable, ConfirmingActions, KeepingAction, TrackColumns, Exported):
    """The list of tracks. Files are added and removed through services only."""

    nothing_yet = "Upload files, or import a folder on the server: manage.py import_music FOLDER --add --check"
    list_display = ("name", "owner", "length", "coding", "volume", "indexed", "verdict", "family", "uploaded")
    wide_columns = ("name",)
    late_columns = ("coding", "volume")
    list_filter = (
        PresenceFilter,
        ArtistFilter,
        AddedFilter,
        IndexedFilter,
        CheckedFilter,
        ScannedFilter,
        FormatFilter,
        DamageFilter,
        SourceFilter,
        ("owner", AutocompleteSelectFilter),
        BulkActionFilter,
    )
    list_display_links = None  # the first column is a link itself
    list_select_related = ("owner", "audio_file", "client_fingerprint")
    search_fields = ("words__contains",)
    search_help_text = "Title, artist, album, ISRC, file name, or a musicId or its beginning"
    actions = ("add_selected", "check_selected", "remove_selected", "restore_selected", "confirm_selected")
    csv_file = TRACKS_FILE
    list_before_template = "catalog/track_list_top.html"
    fields = ("title", "artist", "album", "isrc")
    change_form_outer_before_template = "catalog/track.html"
    post_actions: ClassVar[dict[str, tuple[str, str]]] = {
        "add-to-index": ("start_add", "add_job"),
        "check": ("start_check", "add_job"),
        "restore": ("restore", "delete_track"),
        "keep": ("keep", "add_decision"),
        "confirm": ("confirm", "change_clientfingerprint"),
        "withdraw": ("withdraw", "change_clientfingerprint"),
    }

    def get_queryset(self, request: HttpRequest) -> QuerySet[Track]:
        """Annotate the computed columns."""
        rows = super().get_queryset(request).defer("audio_file__peaks", "client_fingerprint__data")
        return with_open_pairs(with_uses(with_standing(rows)))

    def get_search_results(
        self,
        request: HttpRequest,  # noqa: ARG002
        queryset: QuerySet[Track],
        search_term: str,
    ) -> tuple[QuerySet[Track], bool]:
        """Find a whole music id by its index, else every word, or the beginning of a music id."""
        return queryset.filter(searched(search_term)), False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:  # noqa: ARG002
        """Refuse: rows are never deleted. The service removes a track, and its history stays."""
        return False

    def get_urls(self) -> list[URLPattern]:
        """Add the page that removes a track, and what the upload page asks for."""
        remove, standing = map(self.admin_site.admin_view, (self.remove_view, arrivals_view))
        return [
            path("<int:track_id>/remove/", remove, name="catalog_track_remove"),
            path("arrivals/", standing, name="catalog_track_arrivals"),
            *super().get_urls(),
        ]

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:  # noqa: ARG002
        """Show the upload form. Not the admin's own view, which would read the audio inside a transaction."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        return upload_view(request, context=self.admin_site.each_context(request) | {"opts": self.opts})

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """Show the track's page above the form of its texts."""
        context: dict[str, Any] = {"show_save_and_add_another": False}
        if pk := row_id(object_id):
            track = Track.objects.with_source().select_related("owner").filter(pk=pk).first()
            context |= {"track": track, "history": history_of(track) if track else None}
            context["family"] = members_of(pk)
            context["used"] = with_uses(Track.objects.filter(pk=pk)).first()
            if track and track.removed_at and track.length_s is not None:
                context["audio_until"] = track.removed_at + timedelta(hours=settings.REMOVED_KEPT_HOURS)
        return super().change_view(request, object_id, form_url, (extra_context or {}) | context)

    def has_start_tasks_permission(self, request: HttpRequest) -> bool:
        """Require the permission to add jobs."""
        return request.user.has_perm("catalog.add_job")

    def start_add(self, request: HttpRequest, track: Track) -> HttpResponse:
        """Start a task that adds the track to the index."""
        return self._start(request, track, Job.Name.ADD)

    def start_check(self, request: HttpRequest, track: Track) -> HttpResponse:
        """Start a task that checks the track against the index."""
        return self._start(request, track, Job.Name.CHECK)

    def _start(self, request: HttpRequest, track: Track, task_name: str) -> HttpResponse:
        if track.removed_at:
            raise TrackGoneError("The track was removed from the catalog.")
        return self.back_to(accept_job(track=track, owner=person(request), task_name=task_name))

    @admin.action(description="Add to the index", permissions=["start_tasks"])
    def add_selected(self, request: HttpRequest, queryset: QuerySet[Track]) -> HttpResponse | None:
        """Start a bulk action that adds the selected tracks to the index."""
        return self._begin(request, queryset.filter(removed_at=None), BulkWork.Kind.ADD)

    @admin.action(description="Check for duplicates", permissions=["start_tasks"])
    def check_selected(self, request: HttpRequest, queryset: QuerySet[Track]) -> HttpResponse | None:
        """Start a bulk action that checks the selected tracks against the index."""
        return self._begin(request, queryset.filter(removed_at=None), BulkWork.Kind.CHECK)

    @admin.action(description="Remove from the catalog…", permissions=["remove"])
    def remove_selected(self, request: HttpRequest, queryset: QuerySet[Track]) -> HttpResponse | None:
        """Show what would be removed; once the person agreed, start a bulk action that removes the selected tracks."""
        present = queryset.filter(removed_at=None)
        if request.POST.get("sure"):
            return self._begin(request, present, BulkWork.Kind.REMOVE)
        titles = list(present.values_list("title", flat=True)[:NAMED_TITLES])
        count = present.count()
        context = self.admin_site.each_context(request) | {
            "title": "Remove tracks",
            "opts": self.opts,
            "titles": titles,
            "count": count,
            "more": count - len(titles),
            "across": request.POST.get("select_across", "0"),
            "selected": request.POST.getlist("_selected_action"),
            "kept_hours": settings.REMOVED_KEPT_HOURS,
            "back": request.get_full_path(),
        }
        return TemplateResponse(request, "catalog/tracks_remove.html", context)

    @admin.action(description="Restore", permissions=["remove"])
    def restore_selected(self, request: HttpRequest, queryset: QuerySet[Track]) -> HttpResponse | None:
        """Start a bulk action that restores the selected tracks."""
        gone = restorable(queryset)
        return self._begin(request, gone, BulkWork.Kind.RESTORE)

    def _begin(self, request: HttpRequest, tracks: QuerySet[Track], kind: str) -> HttpResponse | None:
        ids = list(tracks.order_by("pk").values_list("pk", flat=True)[: bulk_work.MOST_TRACKS + 1])
        try:
            work = bulk_work.begin(kind=kind, track_ids=ids, asked_by=person(request))
        except CatalogError as error:
            messages.error(request, str(error))
            return None
        audit.note(on=work, tracks=work.total)
        return HttpResponseRedirect(reverse("admin:catalog_bulkwork_change", args=[work.pk]))

    def has_remove_permission(self, request: HttpRequest) -> bool:
        """Require the permission to delete tracks, for removing and for restoring."""
        return request.user.has_perm("catalog.delete_track")

    def restore(self, request: HttpRequest, track: Track) -> HttpResponse:
        """Restore a removed track."""
        if restore_track(track=track):
            self.log_change(request, track, "Restored.")
            messages.success(request, f"“{track.title}” was restored to the catalog.")
        return self.back_to(track)

    def remove_view(self, request: HttpRequest, track_id: int) -> HttpResponse:
        """Show what removing a track would lose, and remove it on POST."""
        if not request.user.has_perm("catalog.delete_track"):
            raise PermissionDenied
        track = self.get_object(request, str(track_id))
        if track is None:
            return self._get_obj_does_not_exist_redirect(request, self.opts, str(track_id))
        if request.method == "POST":
            if remove_track(track=track):
                self.log_change(request, track, "Removed from the catalog.")
                messages.success(request, f"“{track.title}” was removed from the catalog.")
            return self.back_to(track)
        context = self.admin_site.each_context(request) | {
            "title": "Remove a track",
            "opts": self.opts,
            "track": track,
            "loss": loss_of(track),
            "kept_hours": settings.REMOVED_KEPT_HOURS,
        }
        return TemplateResponse(request, "catalog/track_remove.html", context)
