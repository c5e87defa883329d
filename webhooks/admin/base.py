"""What the staff pages of callbacks have in common, beside what all staff pages have."""

from typing import Any

from django.contrib.admin.checks import ModelAdminChecks
from django.http import HttpRequest

from staff.admin.base import ReadOnly, StaffAdmin


class CallbackAdmin(StaffAdmin):
    """A table of callbacks: filters apply at once, and staff cannot delete many rows together."""

    # The theme's own checks look permissions up in the database, which is not there before the first migration.
    checks_class = ModelAdminChecks
    list_max_show_all = 200
    list_filter_submit = False
    list_fullwidth = False
    compressed_fields = True

    def has_touch_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:  # noqa: ARG002
        """Tell whether the person may act on this row by its buttons."""
        return True

    def get_actions(self, request: HttpRequest) -> Any:
        """Leave out the action that deletes many rows."""
        actions = super().get_actions(request)
        actions.pop("delete_selected", None)
        return actions


class RecordAdmin(ReadOnly, CallbackAdmin):
    """A table that only the service writes (`prune` deletes)."""
