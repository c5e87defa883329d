"""Lists that each person adjusts: columns to choose, filters as chips, views to save and to open with."""

from collections.abc import Sequence
from typing import Any, ClassVar

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from staff.lists.acts import view_url
from staff.lists.columns import shown
from staff.lists.standing import standing_of


class OwnLists:
    """A list that shows the columns that the person chose, and opens with the view that the person chose.

    `wide_columns` share the width that the others leave. `late_columns` are hidden on a narrow screen, until the
    person chooses columns.
    """

    wide_columns: ClassVar[tuple[str, ...]] = ()
    late_columns: ClassVar[tuple[str, ...]] = ()

    def get_list_display(self, request: HttpRequest) -> Sequence[Any]:
        """Return the columns that the person sees."""
        return shown(self, standing_of(request, self.opts.label_lower).columns)  # type: ignore[attr-defined]

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """Open with the view that the person chose, if the address asks for nothing."""
        opens_with = None if request.GET or request.method != "GET" else self._opens_with(request)
        if opens_with:
            return HttpResponseRedirect(view_url(request, self, opens_with))
        answer: HttpResponse = super().changelist_view(request, extra_context)  # type: ignore[misc]
        return answer

    def _opens_with(self, request: HttpRequest) -> Any:
        if not self.has_view_permission(request):  # type: ignore[attr-defined]
            return None
        return standing_of(request, self.opts.label_lower).opens_with  # type: ignore[attr-defined]
