"""Decisions about many pairs at once: stored as one batch, and undone as one."""

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import structlog
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from catalog.models import Decision, Match, Track

Pair = tuple[int, int]
CHUNK = 500  # a transaction of some tenths of a second: others can write in between
log = structlog.get_logger(__name__)


@dataclass
class Outcome:
    """What became of the pairs: `stored` as one `batch`; `others` were decided already; `gone` no longer wait."""

    batch: uuid.UUID
    stored: int = 0
    first: Decision | None = None
    others: list[Decision] = field(default_factory=list)
    gone: int = 0


def decide_many(*, verdict: str, keepers: Mapping[Pair, int | None], decided_by: User) -> Outcome:
    """Store one verdict about many pairs, with the track to keep of each if there is one.

    A pair that somebody decided meanwhile keeps that decision. A pair that no longer waits is left out.

    Raises:
        ValueError: a keeper is neither of its two tracks, or is named with a verdict that keeps both.

    """
    for pair, keeper in keepers.items():
        if keeper is not None and (keeper not in pair or verdict != Decision.Verdict.SAME):
            raise ValueError("The track to keep must be one of two tracks with the same recording.")
    outcome = Outcome(batch=uuid.uuid4())
    pairs = list(keepers)
    for start in range(0, len(pairs), CHUNK):
        _decide_some(outcome, pairs[start : start + CHUNK], verdict, keepers, decided_by)
    outcome.first = Decision.objects.filter(batch=outcome.batch).order_by("pk").first()
    log.info("pairs_decided", batch=str(outcome.batch), stored=outcome.stored, verdict=verdict)
    return outcome


def keep_instead(*, keepers: Mapping[Pair, int], decided_by: User) -> int:
    """Replace what stands about pairs that are the same recording: of each the named track is kept. Return how many.

    All of it or nothing, and taken back as one: the pairs wait again then.
    """
    batch = uuid.uuid4()
    with transaction.atomic():
        # Locked: what somebody undoes at this moment is not decided again.
        standing = _standing(list(keepers), _locked(), verdict=Decision.Verdict.SAME)
        Decision.objects.filter(pk__in=[row.pk for row in standing.values()]).update(undone_at=timezone.now())
        Decision.objects.bulk_create(_rows(standing, Decision.Verdict.SAME, keepers, decided_by, batch))
    log.info("keeper_changed", batch=str(batch), pairs=len(standing))
    return len(standing)


def _rows(
    pairs: Iterable[Pair], verdict: str, keepers: Mapping[Pair, int | None], decided_by: User, batch: uuid.UUID
) -> list[Decision]:
    return [
        Decision(
            first_track_id=first,
            second_track_id=second,
            verdict=verdict,
            keeper_id=keepers[first, second],
            decided_by=decided_by,
            batch=batch,
        )
        for first, second in pairs
    ]


def _decide_some(
    outcome: Outcome, pairs: list[Pair], verdict: str, keepers: Mapping[Pair, int | None], decided_by: User
) -> None:
    with transaction.atomic():
        waiting = _waiting(pairs)
        Decision.objects.bulk_create(
            _rows([pair for pair in pairs if pair in waiting], verdict, keepers, decided_by, outcome.batch),
            ignore_conflicts=True,  # somebody else's word stands: the database's rule, one a pair
        )
    stored = _standing(pairs, batch=outcome.batch)
    outcome.stored += len(stored)
    others = _standing([pair for pair in pairs if pair not in stored])
    outcome.others += others.values()
    outcome.gone += len(pairs) - len(stored) - len(others)


def _waiting(pairs: list[Pair]) -> set[Pair]:
    """Return which pairs a check calls duplicates, both tracks present; a removal at this moment waits for the end."""
    ids = {end for pair in pairs for end in pair}
    locked = Track.objects.present().filter(pk__in=ids).order_by("pk").select_for_update(no_key=True)
    present = set(locked.values_list("pk", flat=True))
    duplicates = Match.objects.filter(verdict=Match.Verdict.DUPLICATE).order_by()
    ends = duplicates.filter(query_track__in=present, reference_track__in=present)
    found = {(min(both), max(both)) for both in ends.values_list("query_track_id", "reference_track_id")}
    return found & set(pairs)


def _locked() -> QuerySet[Decision]:
    return Decision.objects.order_by("pk").select_for_update(of=("self",))


def _standing(pairs: list[Pair], decisions: QuerySet[Decision] | None = None, **tests: object) -> dict[Pair, Decision]:
    if not pairs:
        return {}
    wanted = set(pairs)
    rows = (Decision.objects.all() if decisions is None else decisions).filter(
        undone_at=None, first_track__in={one for one, _ in wanted}, second_track__in={two for _, two in wanted}, **tests
    )
    found = {(row.first_track_id, row.second_track_id): row for row in rows.select_related("decided_by", "rule")}
    return {pair: row for pair, row in found.items() if pair in wanted}
