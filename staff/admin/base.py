"""What the tables of staff pages share: limited counts, read-only tables, and buttons that send POST requests."""

from collections.abc import Callable
from functools import update_wrapper
from typing import Any, ClassVar

from django.contrib import messages
from django.contrib.admin.views.main import PAGE_VAR
from django.core.exceptions import PermissionDenied
from django.db.models import Model
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path
from unfold.admin import ModelAdmin

from staff.admin.large_tables import CountedChangeList, LimitedCountPaginator, WholeIdsFirst
from staff.display import NOTHING
from staff.errors import RefusedError
from staff.lists.own import OwnLists
from staff.row_ids import page_of


class StaffAdmin(OwnLists, WholeIdsFirst, ModelAdmin):  # type: ignore[misc]
    """A table with limited counts; the buttons of its pages are POST forms."""

    paginator = LimitedCountPaginator
    show_full_result_count = False
    list_per_page = 50
    list_max_show_all = 0
    list_filter_submit = True
    list_fullwidth = True
    empty_value_display = NOTHING
    change_form_outer_before_template: str | None = None

    # url part -> (method name, permission codename); each is run by POST alone
    post_actions: ClassVar[dict[str, tuple[str, str]]] = {}

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[CountedChangeList]:  # noqa: ARG002
        """Use the list that says whether it shows all rows."""
        return CountedChangeList

    def get_paginator(self, request: HttpRequest, queryset: Any, per_page: int, *args: Any, **options: Any) -> Any:
        """Tell the paginator whether the first page is wanted: that one is read and counted at once."""
        paginator = super().get_paginator(request, queryset, per_page, *args, **options)
        paginator.asks_for_first = request.GET.get(PAGE_VAR, "1") == "1"
        return paginator

    def get_urls(self) -> list[URLPattern]:
        """Add an address for each POST action."""
        info = (self.opts.app_label, self.opts.model_name)
        own: list[URLPattern] = [
            path(
                f"<path:object_id>/{part}/",
                self.admin_site.admin_view(self._post_view(name, permission)),
                name=f"{'_'.join(info)}_{name}",
            )
            for part, (name, permission) in self.post_actions.items()
        ]
        return [*own, *super().get_urls()]

    def render_change_form(self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
        """Offer to save only if a field can be changed."""
        if not context["adminform"].form.fields:
            context |= dict.fromkeys(("show_save", "show_save_and_continue", "show_save_and_add_another"), False)
        return super().render_change_form(request, context, *args, **kwargs)

    def _post_view(self, name: str, permission: str) -> Callable[..., HttpResponse]:
        action: Callable[..., HttpResponse] = getattr(self, name)

        def view(request: HttpRequest, object_id: str) -> HttpResponse:
            if not request.user.has_perm(f"{self.opts.app_label}.{permission}"):
                raise PermissionDenied
            item = self.get_object(request, object_id)
            if item is None:
                away: HttpResponse = self._get_obj_does_not_exist_redirect(request, self.opts, object_id)
                return away
            if request.method != "POST":  # as the login leads here whose session ended before the button was pressed
                messages.warning(request, "Nothing was done yet. Press the button again.")
                return self.back_to(item)
            try:
                return action(request, item)
            except RefusedError as error:
                messages.error(request, str(error))
                return self.back_to(item)

        return update_wrapper(view, action)

    def back_to(self, item: Model) -> HttpResponseRedirect:
        """Return to the page of `item`, a row of this table."""
        return HttpResponseRedirect(page_of(item))


class ReadOnly(ModelAdmin):  # type: ignore[misc]
    """A table that only the service writes: people add, change and delete nothing."""

    def get_fieldsets(self, request: HttpRequest, obj: Model | None = None) -> Any:
        """Show no fields below a page that tells all: `fields = ()`."""
        return super().get_fieldsets(request, obj) if self.fields != () else []

    def has_add_permission(self, request: HttpRequest, *args: Any) -> bool:  # noqa: ARG002
        """Nobody adds rows by hand."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:  # noqa: ARG002
        """Nobody changes rows by hand."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:  # noqa: ARG002
        """Nobody deletes rows by hand."""
        return False


class ReadOnlyAdmin(ReadOnly, StaffAdmin):
    """A read-only table without actions on selected rows."""

    actions = None
