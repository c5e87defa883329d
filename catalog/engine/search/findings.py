"""What a search has found: pieces of each track, which parts of the query they explain, and the matches they make."""

from dataclasses import replace
from functools import cached_property

from catalog.engine.features.query import Query
from catalog.engine.match import Match, Segment, overlay
from catalog.engine.search.references import References
from catalog.engine.search.relation import Shares, related
from catalog.engine.search.search import CLEARLY
from catalog.engine.search.sound import Sound, Span
from catalog.engine.verification import verify

OWN_SHARE = 0.5  # of a segment that must lie where its track explained nothing yet
HIDDEN_SHARE = 0.8  # of a side piece that lies under another track's longer piece: it is that track's, or shared
NEAR_S = 1.5  # how far apart two lines of one track may lie at one moment and be the same


class Findings:
    """The matches found so far, by track. Their times are of the whole query."""

    def __init__(self, query: Query) -> None:
        self._query = query
        self._pieces: dict[int, list[Match]] = {}
        self._unsteady: set[int] = set()  # tracks that the query follows at length, but not to the beat

    @cached_property
    def _sound(self) -> Sound:
        """Where the query sounds: nobody asks where nothing is found."""
        return Sound.of(self._query.fingerprint)

    def add(self, match: Match) -> None:
        """Keep a match, believed or not, as one piece of its track."""
        if verify.is_unsteady(match):
            self._unsteady.add(match.track_id)
        self._pieces.setdefault(match.track_id, []).append(match)

    def believed(self) -> list[Match]:
        """All pieces that are believed."""
        return [one for pieces in self._pieces.values() for one in pieces if self._is_believed(one)]

    def tracks(self) -> list[int]:
        """The ids of the tracks with a piece that is believed, in order."""
        return sorted({match.track_id for match in self.believed()})

    def explains(self, track_id: int, query_s: float, reference_s: float) -> bool:
        """Whether a piece of this track lies here already: ``query_s`` of the query on ``reference_s`` of the track."""
        for match in self._pieces.get(track_id, ()):
            on_line = abs(match.offset_s + query_s * match.tempo_ratio - reference_s) < NEAR_S
            if on_line and any(one.query_start_s - 1 <= query_s <= one.query_end_s + 1 for one in match.segments):
                return True
        return False

    def is_explained(self, query_s: float) -> bool:
        """Whether a believed piece, of whichever track, lies over ``query_s`` of the query."""
        return any(first <= query_s <= last for first, last in _spans(self.believed()))

    def open_spans(self, least_s: float) -> list[Span]:
        """The spans of the query that no believed piece explains and in which at least ``least_s`` seconds sound."""
        return self._sound.open_spans(_spans(self.believed()), least_s)

    def open_s(self) -> float:
        """How many seconds of the query sound and are explained by no believed piece."""
        return self._sound.seconds * (1 - self._sound.covered(_spans(self.believed())))

    def matches(self, references: References, shares: Shares) -> list[Match]:
        """One match for each track, with its relation: its believed pieces joined, or else the best one."""
        shown = _without_hidden([self._merged(pieces) for pieces in self._pieces.values()])
        still_there = references.in_turn(shown, lambda match: match.track_id)
        return [related(match, self._sound, references.sound(match.track_id), shares) for match in still_there]

    def _is_believed(self, match: Match) -> bool:
        return match.verdict != "none" and not verify.strays_elsewhere(match, self._unsteady)

    def _merged(self, pieces: list[Match]) -> Match:
        """The strongest piece, with the segments of the others where they explain what it does not."""
        believed = list(filter(self._is_believed, pieces))
        if not believed:
            likest = min(pieces, key=lambda one: not one.is_another_performance)
            best = replace(likest, strays=any(one.strays for one in pieces))
            return best if best.verdict == "none" else verify.refused(best)
        main = _surest(believed)
        segments, curve = list(main.segments), main.similarity_curve.copy()
        for other in (one for one in believed if one is not main):
            kept = [one for one in other.segments if _new_share(one, segments) >= OWN_SHARE]
            if kept:
                segments += kept
                overlay(curve, other.similarity_curve)
        segments.sort(key=lambda one: one.query_start_s)
        return replace(main, similarity_curve=curve, segments=tuple(segments))


def _surest(pieces: list[Match]) -> Match:
    """The first one, unless a later one is clearly surer."""
    best = pieces[0]
    for other in pieces[1:]:
        best = other if other.score > best.score + CLEARLY else best
    return best


def _spans(matches: list[Match]) -> list[Span]:
    return [one.query_span_s for match in matches for one in match.segments]


def _new_share(segment: Segment, known: list[Segment]) -> float:
    """The share of a segment of the query that no known one lies over."""
    return 1 - max((_common_s(segment, other) for other in known), default=0.0) / max(segment.length_s, 1e-6)


def _common_s(one: Segment, other: Segment) -> float:
    return max(0.0, min(one.query_end_s, other.query_end_s) - max(one.query_start_s, other.query_start_s))


def _without_hidden(matches: list[Match]) -> list[Match]:
    """Side pieces that lie under a longer piece of another track are dropped: they are what the two share."""
    believed = [match for match in matches if match.verdict != "none"]
    shown = []
    for match in matches:
        if len(match.segments) == 1:
            shown.append(match)
            continue
        main = max(match.segments, key=lambda one: one.length_s)
        others = [one for other in believed if other.track_id != match.track_id for one in other.segments]
        kept = tuple(one for one in match.segments if one is main or not _is_hidden(one, others))
        shown.append(replace(match, segments=kept))
    return shown


def _is_hidden(segment: Segment, others: list[Segment]) -> bool:
    return any(
        other.length_s > segment.length_s
        and other.similarity > segment.similarity
        and _common_s(segment, other) >= HIDDEN_SHARE * segment.length_s
        for other in others
    )
