"""Two tracks side by side: what the review page and a match's page show."""

from dataclasses import dataclass
from math import log2
from typing import Any

from django.urls import reverse

from catalog.models import Decision, Match, Track
from catalog.presentation import wording
from catalog.presentation.choices import Choice, choices_of
from catalog.presentation.pair_picture import PairPicture, pair_picture
from catalog.presentation.plots import OffsetPlot, SimilarityPlot, offset_plot, segments_of, similarity_plot
from catalog.selectors.keeper import Suggestion, suggest_keeper
from catalog.selectors.review import PairOnReview
from catalog.services.match_words import conflict_words, headline
from staff import display

PICTURE_COLUMNS = 300


@dataclass(frozen=True)
class Difference:
    """One thing about the two tracks, and whether it is the same."""

    name: str
    a: str
    b: str

    @property
    def is_same(self) -> bool:
        """Whether both say the same."""
        return self.a == self.b


@dataclass(frozen=True)
class Comparison:
    """All that the side-by-side view shows; `player` is the player's own data, plain JSON values."""

    match: Match
    a: Track
    b: Track
    decision: Decision | None
    inherited: Decision | None
    earlier: list[Decision]
    sentence: str
    conflict: list[str]
    differences: list[Difference]
    suggestion: Suggestion
    choices: list[Choice]
    offsets: OffsetPlot
    similarity: SimilarityPlot | None
    picture: PairPicture
    player: dict[str, Any]

    @property
    def sides(self) -> list[tuple[str, Track]]:
        """Both tracks with their letters."""
        return [("a", self.a), ("b", self.b)]

    @property
    def removed(self) -> list[Track]:
        """Those of the two that are not in the catalog any more."""
        return [track for track in (self.a, self.b) if track.removed_at]


def comparison_of(pair: PairOnReview) -> Comparison:
    """Return the side-by-side view of a pair."""
    match, a, b = pair.match, pair.a, pair.b
    suggestion = suggest_keeper(match)
    query_s = a.length_s or match.query_end_s
    return Comparison(
        match=match,
        a=a,
        b=b,
        decision=pair.decision,
        inherited=pair.inherited,
        earlier=pair.earlier,
        sentence=_sentence(match),
        conflict=conflict_words(match),
        differences=_differences(a, b),
        suggestion=suggestion,
        choices=choices_of(match, suggestion),
        offsets=offset_plot(match, query_s),
        similarity=similarity_plot(match, query_s),
        picture=pair_picture(match, columns=PICTURE_COLUMNS),
        player=_player(match, a, b),
    )


def _sentence(match: Match) -> str:
    """Say what the two are to each other, what was altered, and how much of either side it is."""
    if match.relation in (Match.Relation.IDENTICAL, Match.Relation.RELATED):
        return f"{headline(match)}."
    shares = f"{display.share(match.query_coverage)} of A = {display.share(match.reference_coverage)} of B"
    return f"{headline(match)}: {shares}."


def _differences(a: Track, b: Track) -> list[Difference]:
    return [Difference(name, one, other) for (name, one), (_, other) in zip(_facts(a), _facts(b), strict=True)]


def _facts(track: Track) -> list[tuple[str, str]]:
    file = track.audio_file
    none = display.NOTHING
    return [
        ("title", track.title),
        ("artist", track.artist or none),
        ("album", track.album or none),
        ("ISRC", track.isrc or none),
        ("length", display.clock(track.length_s)),
        ("format", wording.audio_format(file)),
        ("channels", str(file.channels) if file else none),
        ("size", display.size(file.size_bytes) if file else none),
        ("owner", track.owner.get_username()),
        ("uploaded", display.day(track.created_at)),
    ]


def _player(match: Match, a: Track, b: Track) -> dict[str, Any]:
    coupled = 12 * log2(match.tempo_ratio) if match.tempo_ratio > 0 else 0.0
    return {
        "offset_s": match.offset_s,
        "tempo_ratio": match.tempo_ratio,
        # A change of speed moves the pitch along: then B played faster must not have its pitch kept.
        "keeps_pitch": abs(match.pitch_semitones - coupled) >= abs(match.pitch_semitones),
        "segments": segments_of(match),
        "a": _side(a),
        "b": _side(b),
    }


def _side(track: Track) -> dict[str, Any] | None:
    if track.audio_file is None:
        return None
    return {
        "audio": reverse("catalog:audio", args=[track.music_id]),
        "peaks": reverse("catalog:peaks", args=[track.music_id]),
        "duration_s": track.audio_file.duration_s,
    }
