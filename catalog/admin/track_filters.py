"""Filters of the track list. None of them goes through the table to find its choices."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.contrib.filters.admin import TextFilter

from catalog.models import Track
from catalog.selectors.track_filters import FILTERS, newest_bulk_actions
from staff import display
from staff.row_ids import row_id

NEWEST = 20  # bulk actions that are offered


class PresenceFilter(admin.SimpleListFilter):
    """Filters removed tracks out, unless others are chosen."""

    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:  # noqa: ARG002
        """Return the choices."""
        return [("removed", "removed"), ("all", "present and removed")]

    def choices(self, changelist: Any) -> Any:
        """Give the default its own name."""
        for number, choice in enumerate(super().choices(changelist)):
            yield choice | {"display": "present"} if number == 0 else choice

    def queryset(self, request: HttpRequest, queryset: QuerySet[Track]) -> QuerySet[Track]:  # noqa: ARG002
        """Filter the list; detail pages and autocompletes do not pass here."""
        if self.value() == "all":
            return queryset
        return queryset.filter(removed_at__isnull=self.value() != "removed")


class _Known(admin.SimpleListFilter):
    """A filter of `catalog.selectors.track_filters`."""

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:  # noqa: ARG002
        """Return the choices."""
        choices = FILTERS[str(self.parameter_name)].choices
        value = self.value()
        named = {} if not value or value in choices else {value: FILTERS[str(self.parameter_name)].describe(value)}
        return [*choices.items(), *named.items()]  # and the one that a link names

    def queryset(self, request: HttpRequest, queryset: QuerySet[Track]) -> QuerySet[Track]:  # noqa: ARG002
        """Filter."""
        value = self.value()
        return queryset.filter(FILTERS[str(self.parameter_name)].test(value)) if value else queryset


def _known(name: str) -> type[_Known]:
    return type(f"{name.title()}Filter", (_Known,), {"title": FILTERS[name].title, "parameter_name": name})


class ArtistFilter(_Known, TextFilter):
    """All tracks of an artist, however the name is written."""

    title = "artist"
    parameter_name = "artist"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:  # noqa: ARG002
        """Offer no choices: the name is typed."""
        return []


class BulkActionFilter(_Known):
    """Filters the tracks that a bulk action added or checked."""

    title = "bulk action"
    parameter_name = "batch"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:  # noqa: ARG002
        """Return the newest ones, and the one that a link names."""
        found = newest_bulk_actions(NEWEST)
        named = {
            str(work.pk): f"{work.kind} of {display.exact(work.asked_at)}, {display.number(work.total)} tracks"
            for work in found
        }
        chosen = self.value()
        if chosen and chosen not in named:
            named[chosen] = f"number {row_id(chosen)}"
        return list(named.items())


IndexedFilter, CheckedFilter, AddedFilter, ScannedFilter = map(_known, ("indexed", "checked", "added", "scanned"))
FormatFilter, DamageFilter, SourceFilter = map(_known, ("codec", "audio", "fingerprint"))
