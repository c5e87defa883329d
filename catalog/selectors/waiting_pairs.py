"""Every pair that waits, once, with the values by which a list sorts and filters.

All of it is read from the rows themselves, so that it cannot disagree with the review.
"""

from typing import TypeVar

from django.db.models import Case, Exists, F, IntegerField, OuterRef, Q, QuerySet, Subquery, Value, When
from django.db.models.functions import Abs, Greatest, Least, Lower

from catalog.models import Match, PairCare, PairNote
from catalog.models.conflicts import LEAST_TEMPO
from catalog.models.match import MatchQuerySet
from catalog.selectors.review import Pair, ordered, still_open
from catalog.services.alterations import LEAST_PITCH, MASKED_UNDER

_Matches = TypeVar("_Matches", bound=MatchQuerySet)
_RANKS = Case(
    *(When(relation=relation, then=Value(rank)) for rank, relation in enumerate(Match.Relation.values)),
    output_field=IntegerField(),
)
_SMALLER = Least("query_coverage", "reference_coverage")

SPED = Q(tempo_ratio__gte=1 + LEAST_TEMPO) | Q(tempo_ratio__lte=1 - LEAST_TEMPO)
PITCHED = Q(pitch_semitones__gte=LEAST_PITCH) | Q(pitch_semitones__lte=-LEAST_PITCH)
MASKED = Q(similarity__lt=MASKED_UNDER)
EDITED = ~Q(edit="")
UNALTERED = ~SPED & ~PITCHED & ~EDITED & (Q(similarity=None) | Q(similarity__gte=MASKED_UNDER))
ALTERATIONS: dict[str, tuple[str, Q]] = {
    "none": ("unaltered", UNALTERED),
    "speed": ("sped up, slowed or another tempo", SPED),
    "pitch": ("another pitch", PITCHED),
    "masked": ("something over it", MASKED),
    "edit": ("cut, looped or reordered", EDITED),
}

_BOTH_NAME = {
    name: ~Q(**{f"query_track__{name}": ""}) & ~Q(**{f"reference_track__{name}": ""}) for name in ("isrc", "artist")
}
OTHER_ISRC = _BOTH_NAME["isrc"] & ~Q(query_track__isrc__iexact=F("reference_track__isrc"))
OTHER_ARTIST = _BOTH_NAME["artist"] & ~Q(query_artist=F("reference_artist"))
OTHER_ACCOUNT = ~Q(query_track__owner=F("reference_track__owner"))


def waiting_pairs(matches: _Matches) -> _Matches:
    """Return the closest waiting match of each pair, annotated with `rank`, `smaller` (share) and `alteredness`."""
    ranked = still_open(matches).annotate(rank=_RANKS, smaller=_SMALLER)
    same_pair = Q(query_track=OuterRef("query_track"), reference_track=OuterRef("reference_track")) | Q(
        query_track=OuterRef("reference_track"), reference_track=OuterRef("query_track")
    )
    others = Match.objects.filter(same_pair, verdict=Match.Verdict.DUPLICATE).exclude(pk=OuterRef("pk"))
    closer = others.annotate(rank=_RANKS, smaller=_SMALLER).filter(_is_closer()).order_by()
    return ranked.filter(~Exists(closer)).annotate(
        query_artist=Lower("query_track__artist"),
        reference_artist=Lower("reference_track__artist"),
        alteredness=Abs(F("tempo_ratio") - 1.0) + Abs(F("pitch_semitones")) / 12.0,
    )


def _is_closer() -> Q:
    """Say what is closer than the outer row: as `closest_first` sorts, the newest where all is level."""
    outer = {name: OuterRef(name) for name in ("rank", "smaller", "score")}
    level = Q(rank=outer["rank"])
    closer = Q(rank__lt=outer["rank"])
    for name in ("smaller", "score"):
        closer |= level & Q(**{f"{name}__gt": outer[name]})
        level &= Q(**{name: outer[name]})
    return closer | (level & Q(pk__gt=OuterRef("pk")))


def with_care(matches: _Matches) -> _Matches:
    """Annotate who was given each pair, who asks for a second opinion, and whether there are notes."""
    care = PairCare.objects.filter(first_track=_outer(Least), second_track=_outer(Greatest))
    notes = PairNote.objects.filter(first_track=_outer(Least), second_track=_outer(Greatest)).order_by()
    return matches.annotate(
        assigned_to=Subquery(care.values("assigned_to__username")[:1]),
        opinion_asked_by=Subquery(care.values("opinion_asked_by__username")[:1]),
        has_notes=Exists(notes),
    )


def cared_for(**tests: object) -> Exists:
    """Return the condition that somebody was given the pair or asked about it, as `tests` say."""
    return Exists(PairCare.objects.filter(first_track=_outer(Least), second_track=_outer(Greatest), **tests))


def _outer(way: type[Least | Greatest]) -> Least | Greatest:
    return way(OuterRef("query_track_id"), OuterRef("reference_track_id"))


def pairs_of(matches: QuerySet[Match], *, limit: int) -> list[Pair]:
    """Return the pairs of `matches`, in their order."""
    ends = matches.values_list("query_track_id", "reference_track_id")[:limit]
    return [ordered(one, other) for one, other in ends]
