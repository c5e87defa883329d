"""The log of index operations, numbered under a row lock, so that no reader skips one that commits late."""

from collections.abc import Collection

from django.db import connection
from django.db.models import Max

from catalog.engine import PARAMETERS_VERSION
from catalog.models import ClientFingerprint, IndexOperation, Track

CURRENT_VERSION = str(PARAMETERS_VERSION)
_NEXT = """
INSERT INTO catalog_indexclock AS clock (id, last_sequence) VALUES (1, 1)
ON CONFLICT (id) DO UPDATE SET last_sequence = clock.last_sequence + 1
RETURNING last_sequence
"""


def _next_sequence() -> int:
    """Take the next number. Call inside a transaction: the clock's row stays locked until it commits."""
    with connection.cursor() as cursor:
        cursor.execute(_NEXT)
        return int(cursor.fetchone()[0])


def _latest(track_id: int) -> IndexOperation | None:
    return IndexOperation.objects.filter(track_key=track_id).order_by("-sequence").first()


def record_add(*, track_id: int) -> bool:
    """Record that `track_id` belongs in the index; nothing if the index has it already.

    Call it inside a transaction. Returns False, and records nothing, if the track is no longer in the catalog.
    """
    # First, for its lock: two adds of one track must see each other, and an add the removal that was faster.
    sequence = _next_sequence()
    if not Track.objects.present().filter(pk=track_id).exists():
        return False
    latest = _latest(track_id)
    if not (latest and latest.kind == IndexOperation.Kind.ADD and latest.version == CURRENT_VERSION):
        IndexOperation.objects.create(
            sequence=sequence, kind=IndexOperation.Kind.ADD, track_key=track_id, version=CURRENT_VERSION
        )
        Track.objects.not_refreshed().filter(pk=track_id).update(refresh_error="")
    return True


def record_again(*, track_id: int) -> bool:
    """Record a new fingerprint that nobody asked for, as `record_add`; also False if the track was taken out.

    Call inside a transaction.
    """
    _next_sequence()  # for its lock
    latest = _latest(track_id)
    is_taken_out = latest is not None and latest.kind == IndexOperation.Kind.TAKE_OUT
    return not is_taken_out and record_add(track_id=track_id)


def record_change(*, track_id: int) -> None:
    """Record that the index must read `track_id` again, if it has it. Call it inside a transaction."""
    sequence = _next_sequence()
    latest = _latest(track_id)
    if latest and latest.kind == IndexOperation.Kind.ADD:
        IndexOperation.objects.create(
            sequence=sequence, kind=IndexOperation.Kind.ADD, track_key=track_id, version=latest.version
        )


def record_remove(*, track_id: int) -> bool:
    """Record that `track_id` leaves the index with its track; False if it was not in. Call it inside a transaction."""
    return _record_out(track_id, IndexOperation.Kind.REMOVE, after=[IndexOperation.Kind.ADD])


def record_take_out(*, track_id: int) -> bool:
    """Record that `track_id` is not to be in the index until it is added again, even if a refresh is on its way.

    Call it inside a transaction. Returns False if the track was not in.
    """
    kinds = [IndexOperation.Kind.ADD, IndexOperation.Kind.REMOVE]
    return _record_out(track_id, IndexOperation.Kind.TAKE_OUT, after=kinds)


def _record_out(track_id: int, kind: IndexOperation.Kind, *, after: Collection[str]) -> bool:
    sequence = _next_sequence()
    latest = _latest(track_id)
    if latest is None or latest.kind not in after:
        return False
    IndexOperation.objects.create(sequence=sequence, kind=kind, track_key=track_id, version=CURRENT_VERSION)
    return latest.kind == IndexOperation.Kind.ADD


def last_sequence() -> int:
    """Return the number of the last operation; 0 without one."""
    return IndexOperation.objects.aggregate(last=Max("sequence"))["last"] or 0


def mark_of(sequence: int) -> str:
    """Return what tells operation `sequence` from one of another database or of a restored one's new log."""
    operation = IndexOperation.objects.filter(pk=sequence).first()
    return f"{operation.kind} {operation.track_key} {operation.created_at.isoformat()}" if operation else ""


def place_of(track_id: int) -> int | None:
    """Return the sequence under which a track is in the index; None if it is not in."""
    latest = _latest(track_id)
    return latest.sequence if latest and latest.kind == IndexOperation.Kind.ADD else None


def places_of(track_ids: Collection[int]) -> dict[int, int]:
    """Return the sequences under which tracks are in the index, by track id; others are left out."""
    last = IndexOperation.objects.filter(track_key__in=track_ids).values("track_key").annotate(last=Max("sequence"))
    rows = IndexOperation.objects.filter(sequence__in=last.values("last"), kind=IndexOperation.Kind.ADD)
    return dict(rows.values_list("track_key", "sequence"))


def after(sequence: int, *, limit: int) -> list[IndexOperation]:
    """Return the next operations after `sequence`, in order, at most `limit`."""
    return list(IndexOperation.objects.filter(sequence__gt=sequence).order_by("sequence")[:limit])


def count_after(sequence: int) -> int:
    """Count the operations after `sequence`."""
    return IndexOperation.objects.filter(sequence__gt=sequence).count()


def tracks_at(sequence: int) -> list[int]:
    """Return the tracks that are in the index once operation `sequence` is applied, oldest first.

    A track whose fingerprint its owner made is in the shared index only if staff have confirmed it.
    """
    last = (
        IndexOperation.objects.filter(sequence__lte=sequence)
        .values("track_key")
        .annotate(last=Max("sequence"))
        .values("last")
    )
    rows = IndexOperation.objects.filter(
        sequence__in=last, kind=IndexOperation.Kind.ADD, version=CURRENT_VERSION
    ).order_by("sequence")
    unconfirmed = ClientFingerprint.objects.filter(confirmed_at=None)
    rows = rows.exclude(track_key__in=unconfirmed.values("track_id"))
    return list(rows.values_list("track_key", flat=True))
