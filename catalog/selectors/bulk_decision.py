"""What a decision about many pairs at once would do, for its preview."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from django.db.models import QuerySet

from catalog.models import Decision, Match, Track
from catalog.selectors.keeper import Suggestion, suggest_keeper
from catalog.selectors.one_keeper import agreed
from catalog.selectors.review import Pair, ordered
from catalog.services.alterations import changes_pitch, changes_tempo, is_masked

_OF_FILE = ("codec", "sample_rate_hz", "bit_rate", "cutoff_hz", "duration_s", "claimed_s", "skipped_places")
_OF_TRACK = ("title", "created_at", *(f"audio_file__{name}" for name in _OF_FILE), "client_fingerprint__confirmed_at")
_READ = (
    *("relation", "edit", "similarity", "tempo_ratio", "pitch_semitones", "query_coverage", "reference_coverage"),
    *("query_start_s", "reference_start_s", "reference_end_s", "conflict"),
    *(f"{side}__{name}" for side in ("query_track", "reference_track") for name in _OF_TRACK),
)
MOST_PAIRS = 10_000  # decided at once: a preview and an undo that take seconds, not minutes
SHOWN_EXAMPLES = 10


@dataclass
class BulkPlan:
    """What would be decided: `keepers` has, for each pair, the track to keep or None. The rest is for the page.

    `conflicts` of them differ in ISRC, artist or account. Of `kept_otherwise` another track is kept than the pair's own
    page proposes, as one track is kept of each recording.
    """

    verdict: str
    keepers: dict[Pair, int | None] = field(default_factory=dict)
    kinds: Counter[str] = field(default_factory=Counter)
    skipped: Counter[str] = field(default_factory=Counter)
    first: list[Match] = field(default_factory=list)
    conflicts: int = 0
    kept_otherwise: int = 0
    is_cut: bool = False

    @property
    def looked_at(self) -> int:
        """How many pairs were looked at."""
        return len(self.keepers) + self.skipped.total()

    @property
    def examples(self) -> list[tuple[Match, Track | None]]:
        """The first pairs, each with the track that would be kept."""
        return [(match, self._kept(match)) for match in self.first]

    def _kept(self, match: Match) -> Track | None:
        keeper = self.keepers[ordered(match.query_track_id, match.reference_track_id)]
        return {match.query_track_id: match.query_track, match.reference_track_id: match.reference_track}.get(
            keeper or 0
        )


def plan(matches: QuerySet[Match], verdict: str) -> BulkPlan:
    """Return what deciding the pairs of `matches` would do; with `same`, each pair's proposed track is kept."""
    found = BulkPlan(verdict)
    for match in _rows(matches):
        if found.looked_at == MOST_PAIRS:
            found.is_cut = True
            break
        _add(found, match)
    _agree(found)
    return found


def _agree(found: BulkPlan) -> None:
    proposed = {pair: keeper for pair, keeper in found.keepers.items() if keeper}
    kept = agreed(proposed) if proposed else {}
    found.kept_otherwise = sum(keeper != proposed[pair] for pair, keeper in kept.items())
    found.keepers |= kept


def _rows(matches: QuerySet[Match]) -> Iterable[Match]:
    """Read what the track to keep and the words depend on, and no other column: there are ten thousand rows."""
    keys = list(matches.values_list("pk", flat=True)[: MOST_PAIRS + 1])
    rows = Match.objects.filter(pk__in=keys).with_tracks().only(*_READ)
    return rows.order_by("pk").iterator(chunk_size=1000)


def _add(found: BulkPlan, match: Match) -> None:
    reason, keeper = unheard_words(match), None
    if not reason and found.verdict == Decision.Verdict.SAME:
        suggestion = suggest_keeper(match)
        keeper = {"a": match.query_track, "b": match.reference_track}.get(suggestion.side)
        if keeper is None:
            reason = f"no track is proposed to be kept: {_general(suggestion)}"
    if reason:
        found.skipped[reason] += 1
        return
    found.keepers[ordered(match.query_track_id, match.reference_track_id)] = keeper.pk if keeper else None
    found.kinds[_kind(match)] += 1
    found.conflicts += match.conflict > 0
    if len(found.first) < SHOWN_EXAMPLES:
        found.first.append(match)


def unheard_words(match: Match) -> str:
    """Say that nobody confirmed the client's fingerprint of one of the two tracks; empty if there is none such."""
    made = [track.made_by_client for track in (match.query_track, match.reference_track)]
    if any(one and one.confirmed_at is None for one in made):
        return "a client made one of the fingerprints, and nobody confirmed it"
    return ""


def _general(suggestion: Suggestion) -> str:
    """Return why none is proposed, without what differs from pair to pair."""
    return "each track has something the other lacks" if suggestion.of_each else suggestion.words


def _kind(match: Match) -> str:
    """Return the relation, and whether the sound was altered."""
    words = str(match.get_relation_display())
    if match.relation == Match.Relation.IDENTICAL:
        return words
    is_altered = changes_tempo(match) or changes_pitch(match) or is_masked(match) or bool(match.edit)
    return f"{words}, {'altered' if is_altered else 'unaltered'}"
