"""What the staff pages of callbacks share."""

from collections.abc import Callable
from typing import Any, TypeVar

from django.contrib.admin.checks import ModelAdminChecks
from django.db.models import Model
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from unfold.admin import ModelAdmin
from unfold.decorators import action

from webhooks.admin.large_tables import CountedChangeList, LimitedCountPaginator, WholeIdsFirst

_Method = TypeVar("_Method", bound=Callable[..., HttpResponse])


def confirmed_action(
    *, description: str, icon: str, permission: str, dialog: dict[str, Any]
) -> Callable[[_Method], _Method]:
    """Make a method a button that asks first: what it does happens on POST, with the CSRF token."""
    decorate: Callable[[_Method], _Method] = action(
        description=description, icon=icon, permissions=[permission, "touch"], dialog=dialog
    )
    return decorate


class CallbackAdmin(WholeIdsFirst, ModelAdmin):  # type: ignore[misc]
    """A table that is looked at: long lists are counted no further than they must be."""

    paginator = LimitedCountPaginator

    # The theme's own checks look permissions up in the database, which is not there before the first migration.
    checks_class = ModelAdminChecks
    show_full_result_count = False
    list_per_page = 50
    compressed_fields = True

    class Media:
        js = ["staff/copy.js"]

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[CountedChangeList]:  # noqa: ARG002
        """Use the list that knows when it shows all."""
        return CountedChangeList

    def has_touch_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:  # noqa: ARG002
        """Tell whether this row may be acted on by those who may act on such rows."""
        return True

    def get_actions(self, request: HttpRequest) -> Any:
        """Offer no deleting of many rows at once."""
        actions = super().get_actions(request)
        actions.pop("delete_selected", None)
        return actions


class RecordAdmin(CallbackAdmin):
    """A table that only the service writes: nothing is added, changed or deleted by hand (`prune` deletes)."""

    def get_fieldsets(self, request: HttpRequest, obj: Model | None = None) -> Any:
        """Show no row of fields below a page that tells it all: `fields = ()`."""
        return super().get_fieldsets(request, obj) if self.fields != () else []

    def has_add_permission(self, request: HttpRequest, *args: Any) -> bool:  # noqa: ARG002
        """Nobody adds records by hand."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:  # noqa: ARG002
        """Nobody changes what happened."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:  # noqa: ARG002
        """Nobody makes undone what happened."""
        return False


def back_to(request: HttpRequest, obj: Model) -> HttpResponse:
    """Answer a dialog: go to the page of `obj`, by htmx where the dialog was opened by it."""
    url = reverse(f"admin:webhooks_{obj._meta.model_name}_change", args=[obj.pk])  # noqa: SLF001
    if request.headers.get("HX-Request"):
        return HttpResponse(headers={"HX-Redirect": url})
    return HttpResponseRedirect(url)
