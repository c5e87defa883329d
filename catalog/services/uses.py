"""Decisions about the recordings in a mix: one or several at once, undone as one."""

import uuid
from collections.abc import Sequence

import structlog
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction

from catalog.models import Decision, Track
from catalog.services.errors import CatalogError, TrackGoneError

VERDICTS = (Decision.Verdict.USES, Decision.Verdict.DIFFERENT)
log = structlog.get_logger(__name__)


def decide_uses(*, container: Track, parts: Sequence[Track], verdict: str, decided_by: User) -> list[Decision]:
    """Store that each of `parts` is used in `container`, or that it is not: all or nothing.

    Raises:
        CatalogError: there is nothing to decide, or somebody decided about one of the pairs at this moment.
        TrackGoneError: one of the tracks was removed.
        ValueError: `verdict` is none of `VERDICTS`.

    """
    if verdict not in VERDICTS:
        raise ValueError("A recording is used in the other one, or it is not.")
    if not parts:
        raise CatalogError("You chose no recording that waits for a decision.")
    batch = uuid.uuid4()
    rows = [_decision(container, part, verdict, decided_by, batch) for part in parts]
    try:
        with transaction.atomic():
            ids = {container.pk, *(part.pk for part in parts)}
            if Track.objects.present().filter(pk__in=ids).count() < len(ids):
                raise TrackGoneError("One of the tracks was just removed from the catalog. Look at the list again.")
            decisions = Decision.objects.bulk_create(rows)
    except IntegrityError as error:  # the database's own rule: one standing decision a pair
        raise CatalogError("Somebody else just decided about one of these. Look at the list again.") from error
    log.info("uses_decided", container=container.pk, verdict=verdict, count=len(decisions))
    return decisions


def _decision(container: Track, part: Track, verdict: str, decided_by: User, batch: uuid.UUID) -> Decision:
    first, second = sorted((container.pk, part.pk))
    return Decision(
        first_track_id=first,
        second_track_id=second,
        verdict=verdict,
        container=container if verdict == Decision.Verdict.USES else None,
        decided_by=decided_by,
        batch=batch,
    )
