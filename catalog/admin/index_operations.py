"""The index's log, read-only."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from catalog.models import IndexOperation
from staff import display
from staff.admin.base import ReadOnlyAdmin
from staff.admin.columns import moment_column
from staff.row_ids import row_id


@admin.register(IndexOperation)
class IndexOperationAdmin(ReadOnlyAdmin):
    """The list of operations that every searching process applies, in this order."""

    list_display = ("sequence", "what", "track_key", "version", "written")
    list_filter = ("kind", "created_at")
    search_fields = ("=track_key", "=sequence")
    search_help_text = "A track's number or a sequence number"
    ordering = ("-sequence",)
    written = moment_column("created_at", "written")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[IndexOperation], search_term: str
    ) -> tuple[QuerySet[IndexOperation], bool]:
        """Search numbers only: for words the database would compare every row as text."""
        if search_term and not row_id(search_term.strip()):
            return queryset.none(), False
        return super().get_search_results(request, queryset, search_term)

    @admin.display(description="operation", ordering="kind")
    def what(self, operation: IndexOperation) -> str:
        """The kind of operation, as a badge."""
        if operation.kind == IndexOperation.Kind.ADD:
            return display.badge("good", "add_circle", "add")
        return display.badge("off", "remove_circle", operation.get_kind_display())
