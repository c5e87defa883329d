"""What lists can be narrowed by. Every name and every value that is not known is refused, and never left out."""

from datetime import UTC, datetime
from typing import Any

import django_filters
from django.core.exceptions import ValidationError as FormError
from django.db.models import F, Q, QuerySet, Value
from django.db.models.functions import StrIndex
from django_filters.fields import IsoDateTimeField
from drf_spectacular.utils import extend_schema_field
from rest_framework.exceptions import ValidationError

from catalog.api.bodies.strict import refuse_unknown
from catalog.api.pages import NAMES
from catalog.models import IndexOperation, Job, Track
from catalog.services.tracks.tags import isrc_of
from textsearch.fields import BETWEEN_TEXTS
from textsearch.folding import fold
from webhooks.contract import TaskName, TaskStatus
from webhooks.services.account_urls import Endpoint, Message

_YES_OR_NO = [("true", "yes"), ("false", "no")]
_LAST_CHECK = {"duplicate": Q(was_duplicate=True), "no_duplicate": Q(was_duplicate=False)}
_NEVER = "never"


class MomentField(IsoDateTimeField):
    """A time that every column holds: at the ends of the calendar an offset leads out of it."""

    def to_python(self, value: Any) -> datetime | None:
        """Return the time in UTC."""
        moment: datetime | None = super().to_python(value)
        try:
            return moment and moment.astimezone(UTC)
        except OverflowError as error:
            raise FormError(self.error_messages["invalid"], code="invalid") from error


class MomentFilter(django_filters.IsoDateTimeFilter):
    """A filter by time."""

    field_class = MomentField


class KnownFilters(django_filters.FilterSet):
    """Filters of which a misspelt name is an error: left out, it would answer rows that were not asked for."""

    def __init__(self, data: Any = None, *args: Any, **options: Any) -> None:
        refuse_unknown(data or {}, {*self.base_filters, *NAMES}, "There is no such filter.")
        super().__init__(data, *args, **options)


class TrackFilters(KnownFilters):
    """`GET /music`."""

    title = django_filters.CharFilter(method="by_title", help_text="The title holds this text, in any case")
    isrc = django_filters.CharFilter(method="by_isrc", help_text="The ISRC, with or without hyphens")
    created_after = MomentFilter("created_at", "gt", help_text="Uploaded after this time")
    created_before = MomentFilter("created_at", "lt", help_text="Uploaded before this time")
    indexed = django_filters.ChoiceFilter(choices=_YES_OR_NO, method="by_index", help_text="Whether checks find it")
    last_check = django_filters.ChoiceFilter(
        choices=[(name, name) for name in (*_LAST_CHECK, _NEVER)],
        method="by_check",
        help_text="What its last check said",
    )

    class Meta:
        model = Track
        fields: tuple[str, ...] = ()

    def by_title(self, tracks: QuerySet[Track], name: str, value: str) -> QuerySet[Track]:  # noqa: ARG002
        """Look for a text in the title alone: the first of the folded texts."""
        found = tracks.filter(words__contains=fold(value))
        return found.alias(
            at=StrIndex("words", Value(fold(value))), title_end=StrIndex("words", Value(BETWEEN_TEXTS))
        ).filter(at__lt=F("title_end"))

    def by_isrc(self, tracks: QuerySet[Track], name: str, value: str) -> QuerySet[Track]:  # noqa: ARG002
        """Compare as it is stored."""
        if not isrc_of(value):
            raise ValidationError({"isrc": ["This is not an ISRC, such as DEA123400001."]})
        return tracks.filter(isrc=isrc_of(value))

    @extend_schema_field(bool)
    def by_index(self, tracks: QuerySet[Track], name: str, value: str) -> QuerySet[Track]:  # noqa: ARG002
        """Filter by the annotation of `with_standing`."""
        added = Q(index_state=IndexOperation.Kind.ADD)
        return tracks.filter(added if value == "true" else Q(index_state=None) | ~added)

    def by_check(self, tracks: QuerySet[Track], name: str, value: str) -> QuerySet[Track]:  # noqa: ARG002
        """Filter by the annotation of `with_standing`."""
        return tracks.filter(_LAST_CHECK.get(value, Q(was_duplicate__isnull=True)))


class JobFilters(KnownFilters):
    """`GET /task`."""

    status = django_filters.ChoiceFilter(choices=TaskStatus.choices, help_text="The task's state")
    task_name = django_filters.ChoiceFilter(choices=TaskName.choices, help_text="What was asked for")
    musicId = django_filters.UUIDFilter("track__music_id", help_text="Tasks about this track")  # noqa: N815
    ended_after = MomentFilter(
        "completed_at",
        "gt",
        help_text="Ended after this time; without an offset it is in the time zone of completed_at",
    )

    class Meta:
        model = Job
        fields: tuple[str, ...] = ()


class DeliveryFilters(KnownFilters):
    """`GET /callback-url/{id}/deliveries`."""

    state = django_filters.ChoiceFilter(choices=Message.State.choices, help_text="The callback's state")
    event = django_filters.CharFilter("event", help_text="Its event")
    created_after = MomentFilter("created_at", "gt", help_text="Created after this time")
    created_before = MomentFilter("created_at", "lt", help_text="Created before this time")

    class Meta:
        model = Message
        fields: tuple[str, ...] = ()


class UrlFilters(KnownFilters):
    """`GET /callback-url`: all of them, always."""

    class Meta:
        model = Endpoint
        fields: tuple[str, ...] = ()
