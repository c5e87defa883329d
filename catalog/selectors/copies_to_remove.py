"""Copies to remove: tracks still in the catalog although a decision keeps another one instead."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from django.db.models import Case, F, IntegerField, QuerySet, When

from catalog.models import Decision, Track
from catalog.selectors.why_kept import WhyKept, why_kept
from catalog.services.tracks.families import families_of

COPIES_A_PAGE = 50


@dataclass(frozen=True)
class CopyToRemove:
    """A track to remove, the one to keep, and why; None if the decisions contradict each other, or it is gone."""

    track: Track
    keeper: Track | None
    why: WhyKept | None = None


def ids_to_remove() -> QuerySet[Any, Any]:
    """Return the ids of the copies that are present, each once, the oldest first."""
    named = Decision.objects.filter(verdict=Decision.Verdict.SAME, undone_at=None, keeper__removed_at=None)
    first, second = F("first_track_id"), F("second_track_id")
    other = Case(When(keeper=F("first_track"), then=second), default=first, output_field=IntegerField())
    found: Any = named.exclude(keeper=None).order_by().annotate(copy=other)
    return Track.objects.present().filter(pk__in=found.values("copy")).order_by("pk").values_list("pk", flat=True)


def copies_to_remove(track_ids: Collection[int]) -> list[CopyToRemove]:
    """Return these copies with the tracks to keep; copies without one come last."""
    families = families_of(track_ids)
    kept = {pk: families[pk].keeper for pk in track_ids if pk in families}
    keepers = {pk: keeper for pk, keeper in kept.items() if keeper and keeper != pk}
    tracks = Track.objects.with_source().present().in_bulk([*track_ids, *keepers.values()])
    reasons = why_kept({pk: keeper for pk, keeper in keepers.items() if keeper in tracks})
    rows = [CopyToRemove(tracks[pk], _of(tracks, keepers.get(pk)), reasons.get(pk)) for pk in track_ids if pk in tracks]
    return sorted(rows, key=lambda row: row.keeper is None)


def _of(tracks: dict[int, Track], pk: int | None) -> Track | None:
    return tracks.get(pk) if pk else None
