"""What staff decide about a pair of tracks: stored once, never overwritten unseen, taken back by name."""

import structlog
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils import timezone

from catalog.models import Decision, Track
from catalog.services.errors import CatalogError, TrackGoneError

log = structlog.get_logger(__name__)


class AlreadyDecidedError(CatalogError):
    """Somebody decided about this pair first; `decision` is theirs."""

    def __init__(self, decision: Decision) -> None:
        super().__init__(f"Decided already: {decision.get_verdict_display()}.")
        self.decision = decision


def decide(
    *,
    one: Track,
    other: Track,
    verdict: str,
    keeper: Track | None,
    decided_by: User,
    replaces: int | None = None,
) -> Decision:
    """Store a decision about a pair. `replaces` names the standing decision that the person saw and wants changed.

    The same person saying the same thing twice (a double click) gets the first decision back.

    Raises:
        TrackGoneError: one of the two was removed: there is nothing left to decide.
        AlreadyDecidedError: another decision stands, and it is not the one in `replaces`.
        ValueError: the keeper is neither of the two, or is named with a verdict that keeps both.

    """
    if keeper is not None and (keeper.pk not in (one.pk, other.pk) or verdict != Decision.Verdict.SAME):
        raise ValueError("The keeper must be one of two tracks with the same recording.")
    if one.removed_at or other.removed_at:
        raise TrackGoneError("One of the two was removed from the catalog: there is nothing left to decide.")
    first, second = sorted((one, other), key=lambda track: track.pk)
    try:
        with transaction.atomic():
            if replaces is not None:
                _end(Decision.objects.filter(pk=replaces, first_track=first, second_track=second).order_by())
            decision = Decision.objects.create(
                first_track=first, second_track=second, verdict=verdict, keeper=keeper, decided_by=decided_by
            )
    except IntegrityError:  # the database's own rule: one standing decision a pair
        return _same_or_refuse(first, second, verdict, keeper, decided_by)
    log.info("pair_decided", first=first.pk, second=second.pk, verdict=verdict)
    return decision


def _same_or_refuse(first: Track, second: Track, verdict: str, keeper: Track | None, decided_by: User) -> Decision:
    standing = (
        Decision.objects.filter(first_track=first, second_track=second, undone_at=None)
        .select_related("decided_by")
        .first()
    )
    if standing is None:
        raise CatalogError("The decision about this pair changed at this moment: look again.")
    wanted = (verdict, keeper.pk if keeper else None, decided_by.pk)
    if (standing.verdict, standing.keeper_id, standing.decided_by_id) == wanted:
        return standing
    raise AlreadyDecidedError(standing)


def undo(*, decision: Decision) -> bool:
    """Take a decision back; its row stays as history. False where it was taken back already."""
    undone = _end(Decision.objects.filter(pk=decision.pk).order_by())
    if undone:
        log.info("decision_undone", decision=decision.pk)
    return undone


def _end(decisions: QuerySet[Decision]) -> bool:
    return bool(decisions.filter(undone_at=None).update(undone_at=timezone.now()))
