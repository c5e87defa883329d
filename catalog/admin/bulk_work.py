"""Bulk actions: how far each is, stopping and undoing it."""

from typing import Any, ClassVar

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse

from catalog.models import BulkWork
from catalog.presentation import wording
from catalog.selectors.bulk_work import standing_of
from catalog.services.tracks import bulk_work
from staff.access import person
from staff.admin.base import ReadOnlyAdmin
from staff.admin.columns import moment_column, number_column
from staff.row_ids import row_id

# kind -> what it takes to ask for it, or to end it
NEEDS = {
    BulkWork.Kind.ADD: "catalog.add_job",
    BulkWork.Kind.CHECK: "catalog.add_job",
    BulkWork.Kind.REMOVE: "catalog.delete_track",
    BulkWork.Kind.RESTORE: "catalog.delete_track",
    BulkWork.Kind.MERGE: "catalog.delete_track",
}


@admin.register(BulkWork)
class BulkWorkAdmin(ReadOnlyAdmin):
    """The list of bulk actions."""

    nothing_yet = "Select tracks in the track list, then choose an action."
    list_display = ("what", "state", "tracks", "finished", "skipped", "gone_wrong", "asked_by", "asked")
    list_select_related = ("asked_by",)
    list_filter = ("kind",)
    fields = ()
    change_form_outer_before_template = "catalog/bulk_work.html"
    post_actions: ClassVar[dict[str, tuple[str, str]]] = {
        "stop": ("stop", "view_bulkwork"),
        "undo": ("undo", "delete_track"),
    }
    tracks = number_column("total", "tracks")
    finished = number_column("done", "done")
    skipped = number_column("passed_over", "passed over")
    gone_wrong = number_column("failed", "failed")
    asked = moment_column("asked_at", "asked")

    def get_queryset(self, request: HttpRequest) -> QuerySet[BulkWork]:
        """Leave the lists of tracks in the database."""
        return super().get_queryset(request).defer("track_ids")

    @admin.display(description="what", ordering="kind")
    def what(self, work: BulkWork) -> str:
        """What is done with each track."""
        return work.get_kind_display()

    @admin.display(description="state", ordering="ended_at")
    def state(self, work: BulkWork) -> str:
        """Whether it runs, has ended, or was stopped."""
        return wording.bulk_badge(work)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """Show how far it is."""
        standing = standing_of(pk) if (pk := row_id(object_id)) else None
        context = {"standing": standing, "title": "Bulk action"}
        return super().change_view(request, object_id, form_url, (extra_context or {}) | context)

    def stop(self, request: HttpRequest, work: BulkWork) -> HttpResponse:
        """Stop the action; finished tracks stay as they are."""
        if not request.user.has_perm(NEEDS[BulkWork.Kind(work.kind)]):
            raise PermissionDenied
        if bulk_work.stop(work=work, stopped_by=person(request)):
            messages.success(request, "Stopped. Finished tracks stay as they are.")
        return self.back_to(work)

    def undo(self, request: HttpRequest, work: BulkWork) -> HttpResponse:
        """Bring the removed tracks back."""
        return self.back_to(bulk_work.undo(work=work, asked_by=person(request)))
