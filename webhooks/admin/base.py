"""What the staff pages of callbacks share beside what all do."""

from typing import Any

from django.contrib.admin.checks import ModelAdminChecks
from django.http import HttpRequest

from staff.admin.base import ReadOnly, StaffAdmin


class CallbackAdmin(StaffAdmin):
    """A table that is looked at: its filters work at once, and no rows are deleted together."""

    # The theme's own checks look permissions up in the database, which is not there before the first migration.
    checks_class = ModelAdminChecks
    list_max_show_all = 200
    list_filter_submit = False
    list_fullwidth = False
    compressed_fields = True

    def has_touch_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:  # noqa: ARG002
        """Tell whether this row may be acted on by those who may act on such rows."""
        return True

    def get_actions(self, request: HttpRequest) -> Any:
        """Offer no deleting of many rows at once."""
        actions = super().get_actions(request)
        actions.pop("delete_selected", None)
        return actions


class RecordAdmin(ReadOnly, CallbackAdmin):
    """A table that only the service writes (`prune` deletes)."""
