"""Lists that can be downloaded as a file."""

from typing import ClassVar

from django.contrib.admin.options import IncorrectLookupParameters
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBase, HttpResponseRedirect
from django.urls import URLPattern, path, reverse

from staff.admin.base import StaffAdmin
from staff.csv_files import CsvFile


class Exported(StaffAdmin):
    """A table whose list, as searched and filtered, is also a CSV file, at `export/`."""

    csv_file: ClassVar[CsvFile]
    csv_related: ClassVar[tuple[str, ...]] = ()  # what a line needs beyond the list
    list_before_template = "staff/export_link.html"

    def get_urls(self) -> list[URLPattern]:
        """Add the address of the file."""
        view = self.admin_site.admin_view(self.export_view)
        name = f"{self.opts.app_label}_{self.opts.model_name}_export"
        return [path("export/", view, name=name), *super().get_urls()]

    def export_view(self, request: HttpRequest) -> HttpResponseBase:
        """Answer with the list as CSV."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        try:
            rows = self.get_changelist_instance(request).get_queryset(request)
        except IncorrectLookupParameters:  # as the list answers it
            name = f"admin:{self.opts.app_label}_{self.opts.model_name}_changelist"
            return HttpResponseRedirect(f"{reverse(name)}?e=1")
        return self.csv_file.response(rows.select_related(*self.csv_related) if self.csv_related else rows)
