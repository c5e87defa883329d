"""Decisions of staff about pairs of tracks: stored once, never replaced unseen, and undone by name.

A person's decision replaces a rule's.
"""

import uuid
from collections.abc import Iterable, Mapping
from datetime import datetime

import structlog
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from catalog.models import Decision, Rule, Track
from catalog.services.errors import CatalogError, TrackGoneError

UNDONE_AT_ONCE = 1000  # in one statement of some hundredths of a second: others can write in between
log = structlog.get_logger(__name__)


class AlreadyDecidedError(CatalogError):
    """Somebody decided about this pair first; `decision` is theirs."""

    def __init__(self, decision: Decision) -> None:
        super().__init__(f"This pair is already decided: {decision.words}.")
        self.decision = decision


def decide(
    *,
    one: Track,
    other: Track,
    verdict: str,
    keeper: Track | None,
    decided_by: User,
    container: Track | None = None,
    replaces: int | None = None,
) -> Decision:
    """Store a decision about a pair.

    `container` is the track that uses the other. `replaces` is the id of the standing decision that the person saw
    and wants to change. If the same person decides the same twice (a double click), the first decision is returned.

    Raises:
        TrackGoneError: one of the two was removed, so that there is nothing to decide.
        AlreadyDecidedError: another decision stands, and it is not the one in `replaces`.
        ValueError: keeper or container is neither of the two, or does not go with the verdict.

    """
    if keeper is not None and (keeper.pk not in (one.pk, other.pk) or verdict != Decision.Verdict.SAME):
        raise ValueError("The track to keep must be one of two tracks with the same recording.")
    if (container is not None) != (verdict == Decision.Verdict.USES) or container not in (None, one, other):
        raise ValueError("The container must be one of two tracks of which one is used in the other.")
    if one.removed_at or other.removed_at:
        raise TrackGoneError("One of the two tracks was removed from the catalog. No decision is needed.")
    first, second = sorted((one, other), key=lambda track: track.pk)
    try:
        with transaction.atomic():
            both = Decision.objects.filter(first_track=first, second_track=second).order_by()
            _end(_together(both.filter(rule__isnull=False, undone_at=None)))  # a person's word comes before a rule's
            if replaces is not None:
                _end(both.filter(pk=replaces))
            decision = Decision.objects.create(
                first_track=first,
                second_track=second,
                verdict=verdict,
                keeper=keeper,
                container=container,
                decided_by=decided_by,
            )
    except IntegrityError:  # the database's own rule: one standing decision a pair
        return _same_or_refuse(first, second, (verdict, keeper, container), decided_by)
    log.info("pair_decided", first=first.pk, second=second.pk, verdict=verdict)
    return decision


def _same_or_refuse(
    first: Track, second: Track, said: tuple[str, Track | None, Track | None], decided_by: User
) -> Decision:
    standing = (
        Decision.objects.filter(first_track=first, second_track=second, undone_at=None)
        .select_related("decided_by", "rule", "keeper", "container", "first_track", "second_track")
        .first()
    )
    if standing is None:
        raise CatalogError("Somebody else just decided about this pair. Look at it again.")
    if (standing.verdict, standing.keeper, standing.container, standing.decided_by) == (*said, decided_by):
        return standing
    raise AlreadyDecidedError(standing)


def decide_group(
    *, kinds: Mapping[int, str], keeper: Track, pairs: Iterable[tuple[int, int]], decided_by: User
) -> list[Decision]:
    """Store what a person decided of several copies at once: all or nothing, undone as one.

    `kinds` has, by track id, the verdict on each other track and `keeper`. Those of the ordered `pairs` that follow
    from it are decided too. Whether two versions are the same does not follow: such pairs go on waiting.

    Raises:
        CatalogError: one of the tracks was removed, or somebody decided about one of the pairs at this moment.

    """
    kinds = {**kinds, keeper.pk: Decision.Verdict.SAME}
    batch = uuid.uuid4()
    verdicts = {pair: verdict for pair in pairs if (verdict := between(kinds.get(pair[0]), kinds.get(pair[1])))}
    ids = {track_id for pair in verdicts for track_id in pair}
    try:
        with transaction.atomic():
            if Track.objects.filter(pk__in=ids, removed_at=None).count() < len(ids):
                raise TrackGoneError("One of the tracks was just removed from the catalog. Look at the group again.")
            decisions = Decision.objects.bulk_create(
                Decision(
                    first_track_id=first,
                    second_track_id=second,
                    verdict=verdict,
                    keeper=keeper if verdict == Decision.Verdict.SAME and keeper.pk in (first, second) else None,
                    decided_by=decided_by,
                    batch=batch,
                )
                for (first, second), verdict in verdicts.items()
            )
    except IntegrityError as error:
        raise CatalogError("Somebody else just decided about one of these pairs. Look at the group again.") from error
    log.info("group_decided", keeper=keeper.pk, pairs=len(decisions))
    return decisions


def between(one: str | None, other: str | None) -> str | None:
    """Return the verdict on two copies that follows from the verdict on each and the keeper; None if none follows."""
    if Decision.Verdict.SAME not in (one, other):
        return None
    return other if one == Decision.Verdict.SAME else one


def undo(*, decision: Decision) -> int:
    """Undo a decision, with all that were made together with it; the rows stay as history. Return how many."""
    together = Q(batch=decision.batch) if decision.batch else Q(pk=decision.pk)
    count = _end(Decision.objects.filter(together).order_by())
    if count:
        log.info("decision_undone", decision=decision.pk, count=count)
    return count


def undo_of_rule(*, rule: Rule, since: datetime) -> int:
    """Undo what a rule has decided since a moment, with all that was decided together with it. Return how many.

    It undoes some at a time, the newest first. If it is interrupted, what is undone stays so; call it again.
    """
    standing = Decision.objects.filter(rule=rule, decided_at__gte=since, undone_at=None).order_by("-decided_at")
    count = 0
    while keys := list(standing.values_list("pk", flat=True)[:UNDONE_AT_ONCE]):
        count += _end(_together(Decision.objects.filter(pk__in=keys)))
    log.info("rule_undone", rule=rule.pk, count=count)
    return count


def _together(decisions: QuerySet[Decision]) -> QuerySet[Decision]:
    """Return decisions with all that were made together with them."""
    batches = decisions.filter(batch__isnull=False).order_by().values("batch")
    return Decision.objects.filter(Q(pk__in=decisions.order_by().values("pk")) | Q(batch__in=batches)).order_by()


def _end(decisions: QuerySet[Decision]) -> int:
    return decisions.filter(undone_at=None).update(undone_at=timezone.now())
