"""Filters of the list of waiting pairs. None of them goes through the pairs to find its choices."""

from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest

from catalog.models import BulkWork, Match, Scan
from catalog.selectors.waiting_pairs import ALTERATIONS, OTHER_ACCOUNT, OTHER_ARTIST, OTHER_ISRC, cared_for
from staff import display
from staff.row_ids import row_id

NEWEST = 20  # scans and bulk checks that are offered
Matches = QuerySet[Match]


class _Choice(admin.SimpleListFilter):
    """One of some choices that are known."""

    known: ClassVar[dict[str, tuple[str, Q]]] = {}

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:  # noqa: ARG002
        """Return the choices."""
        return [(value, words) for value, (words, _) in self.known.items()]

    def queryset(self, request: HttpRequest, queryset: Matches) -> Matches:  # noqa: ARG002
        """Filter."""
        _, test = self.known.get(self.value() or "", ("", Q()))
        return queryset.filter(test)


class RelationFilter(_Choice):
    """Filters by the relation of A to B."""

    title, parameter_name = "relation", "relation"
    known: ClassVar[dict[str, tuple[str, Q]]] = {
        value: (words, Q(relation=value))
        for value, words in Match.Relation.choices
        if value in (*Match.COPIES, Match.Relation.CONTAINS)
    }


class AlterationFilter(_Choice):
    """Filters by what was altered in A."""

    title, parameter_name = "altered", "altered"
    known = ALTERATIONS


class ShareFilter(_Choice):
    """Filters by the least share of both tracks that matches."""

    title, parameter_name = "smaller share at least", "share"
    known: ClassVar[dict[str, tuple[str, Q]]] = {
        str(share): (display.share(share), Q(smaller__gte=share)) for share in (0.99, 0.95, 0.8, 0.5)
    }


class ConflictFilter(_Choice):
    """Filters copies whose ISRC, artist or account differ."""

    title, parameter_name = "conflict", "conflict"
    known: ClassVar[dict[str, tuple[str, Q]]] = {
        "any": ("any", Q(conflict__gt=0)),
        "isrc": ("other ISRC", Q(conflict__gt=0) & OTHER_ISRC),
        "artist": ("other artist", Q(conflict__gt=0) & OTHER_ARTIST),
        "account": ("other account", Q(conflict__gt=0) & OTHER_ACCOUNT),
        "none": ("none", Q(conflict=0)),
    }


class CareFilter(admin.SimpleListFilter):
    """Filters by who is to decide a pair."""

    title, parameter_name = "given to", "care"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:  # noqa: ARG002
        """Return the choices."""
        return [("mine", "me"), ("others", "somebody else"), ("opinion", "second opinion wanted")]

    def queryset(self, request: HttpRequest, queryset: Matches) -> Matches:
        """Filter."""
        given, mine = Q(cared_for(assigned_to__isnull=False)), Q(cared_for(assigned_to=request.user.pk))
        wanted = Q(cared_for(opinion_asked_by__isnull=False))
        tests = {"mine": mine, "others": given & ~mine, "opinion": wanted}
        return queryset.filter(tests.get(self.value() or "", Q()))


class _Newest(admin.SimpleListFilter):
    """One of the newest rows that pairs come from."""

    field = ""

    def with_chosen(self, newest: list[tuple[str, str]]) -> list[tuple[str, str]]:
        """Add the one that a link names where it is older."""
        chosen = self.value()
        return newest if not chosen or chosen in dict(newest) else [*newest, (chosen, f"number {row_id(chosen)}")]

    def queryset(self, request: HttpRequest, queryset: Matches) -> Matches:  # noqa: ARG002
        """Filter."""
        return queryset.filter(**{self.field: row_id(self.value() or "")}) if self.value() else queryset


class ScanFilter(_Newest):
    """Filters by the scan that found the pair."""

    title, parameter_name, field = "scan", "scan", "scan"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:  # noqa: ARG002
        """Return the newest scans."""
        newest = Scan.objects.only("pk", "started_at")[:NEWEST]
        return self.with_chosen([(str(scan.pk), f"of {display.exact(scan.started_at)}") for scan in newest])


class BulkCheckFilter(_Newest):
    """Filters by the bulk action that checked the track."""

    title, parameter_name, field = "bulk check", "batch", "job__bulk_work"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:  # noqa: ARG002
        """Return the newest ones."""
        newest = BulkWork.objects.filter(kind=BulkWork.Kind.CHECK).only("pk", "asked_at", "total")[:NEWEST]
        named = ((work, f"of {display.exact(work.asked_at)}, {display.number(work.total)} tracks") for work in newest)
        words = [(str(work.pk), name) for work, name in named]
        return self.with_chosen(words)
