"""Which of two copies to keep, and why; no proposal if no known fact speaks for either.

By sound alone an original cannot be told from a copy with another tempo or pitch, or with something over it: the match
only says that the two differ. So neither of them is proposed.
"""

from dataclasses import dataclass, field

from catalog.models import AudioFile, Match, Track
from catalog.selectors.groups import Group
from catalog.services.alterations import changes_pitch, changes_tempo, codec_name, is_masked
from catalog.services.audio.formats import has_eight_bits, is_lossless

SAME_LENGTH = 1.02  # what sounds, at one tempo
BETTER_BIT_RATE = 1.1  # within one codec
# The highest frequencies: what a lossless file must have more of than another one for its losslessness to count, and
# what counts by itself. A lossless file that was made from one with loss has no more than that.
LOSSLESS_SPECTRUM, FULLER_SPECTRUM = 1.03, 1.1
MIX_S, MIX_SHARE = 600.0, 0.5  # what is so long, and of which a copy is less than that, may hold several recordings
_BY_EDIT = {
    Match.Edit.CUT: ("b", "nothing cut out"),
    Match.Edit.LOOPED: ("b", "nothing repeated"),
    Match.Edit.ADDED: ("a", "nothing cut out"),
}


@dataclass(frozen=True)
class Suggestion:
    """The proposal: `side` is "a" (checked), "b" (found) or empty; `reasons` are a few words each.

    `of_each`: what speaks for which side, where there is no proposal because something speaks for each.
    """

    side: str
    reasons: list[str] = field(default_factory=list)
    of_each: list[tuple[str, str]] = field(default_factory=list)

    @property
    def words(self) -> str:
        """The reasons in one line."""
        return ", ".join([f"{side.upper()}: {reason}" for side, reason in self.of_each] or self.reasons)


def suggest_keeper(match: Match) -> Suggestion:
    """Return which side of a match to keep. Its tracks have their `audio_file` loaded."""
    a, b = match.query_track, match.reference_track
    if a.audio_file is None or b.audio_file is None:
        return _only_one(a, b)
    if unclear := _unclear(match):
        return Suggestion("", [unclear])
    by_rule = _by_rule(match, a.audio_file, b.audio_file)
    found = by_rule or _by_quality(match, a.audio_file, b.audio_file)
    sides = {side for side, _ in found}
    if len(sides) > 1:
        return Suggestion("", of_each=sorted(found))
    if sides:
        return Suggestion(sides.pop(), [reason for _, reason in found])
    return Suggestion("a" if (a.created_at, a.pk) < (b.created_at, b.pk) else "b", ["in the catalog first"])


def suggest_of(group: Group) -> tuple[Track | None, str]:
    """Return which of several copies to keep, and why: the one proposed against each that it was matched with.

    It returns no track if the sound does not say which of two is the original: the best could be an altered copy.
    Then the words say why.
    """
    by_id = {track.pk: track for track in group.tracks}
    reasons: dict[int, list[list[str]]] = {pk: [] for pk in by_id}
    for match in group.matches.values():
        found = suggest_keeper(match)
        if not found.side:
            return None, f"No track is proposed: {found.words}."
        pair = (match.query_track_id, match.reference_track_id)
        kept, other = pair if found.side == "a" else pair[::-1]
        reasons[kept].append(found.reasons)
        reasons[other].append([])
    unbeaten = [pk for pk, wins in reasons.items() if wins and all(wins)]
    if not unbeaten:
        return None, "No track is proposed: none is better than all the others."
    best = max(sorted(unbeaten), key=lambda pk: len(reasons[pk]))
    first, *others = reasons[best]
    shared = [reason for reason in first if all(reason in more for more in others)]
    return by_id[best], ", ".join(shared) or "better than each track that it was compared with"


def _only_one(a: Track, b: Track) -> Suggestion:
    if a.audio_file is None and b.audio_file is None:
        return Suggestion("", ["there is no audio of either"])
    side, other = ("b", a) if a.audio_file is None else ("a", b)
    return Suggestion(side, ["the other has no audio" if other.made_by_client else "the other was removed"])


def _unclear(match: Match) -> str:
    """Say why neither of the two can be proposed; nothing where one may."""
    is_altered = changes_tempo(match) or changes_pitch(match)
    is_reordered = match.edit in (Match.Edit.SWAPPED, Match.Edit.REORDERED)
    reasons = (
        (match.relation == Match.Relation.RELATED, "they may be two recordings"),
        (match.relation == Match.Relation.OVERLAP, "each has something that the other lacks"),
        (_are_both_damaged(match), "both have something missing"),
        (is_altered, "one of the two was altered, and the sound does not say which"),
        (
            is_masked(match) and not _is_one_damaged(match),
            "something lies over one of the two; listen to find out which",
        ),
        (is_reordered, "their parts are in a different order; listen to find out which is right"),
        (_may_be_mix(match), "the longer one may hold several recordings"),
    )
    return next((reason for holds, reason in reasons if holds), "")


def _damaged(match: Match) -> list[bool]:
    files = (match.query_track.audio_file, match.reference_track.audio_file)
    return [file is not None and file.is_damaged for file in files]


def _are_both_damaged(match: Match) -> bool:
    return all(_damaged(match))


def _is_one_damaged(match: Match) -> bool:
    """Tell whether what lies over one of the two may be its own damage."""
    return any(_damaged(match))


def _may_be_mix(match: Match) -> bool:
    sides = {
        Match.Relation.EXCERPT: (match.reference_track, match.reference_coverage),
        Match.Relation.CONTAINS: (match.query_track, match.query_coverage),
    }
    if match.relation not in sides or match.edit == Match.Edit.LOOPED:
        return False
    longer, share = sides[Match.Relation(match.relation)]
    return longer.audio_file is not None and longer.audio_file.duration_s > MIX_S and share < MIX_SHARE


def _by_rule(match: Match, a: AudioFile, b: AudioFile) -> list[tuple[str, str]]:
    """Return what decides whatever else speaks for the other side: a damaged or a cut file is not kept for a whole."""
    found = []
    if a.is_damaged != b.is_damaged:
        found.append(("b" if a.is_damaged else "a", "nothing missing"))
    if match.edit in _BY_EDIT:
        found.append(_BY_EDIT[Match.Edit(match.edit)])
    elif match.relation == Match.Relation.EXCERPT:
        found.append(("b", "the whole recording"))
    elif match.relation == Match.Relation.CONTAINS:
        found.append(("a", "the whole recording"))
    return found


def _by_quality(match: Match, a: AudioFile, b: AudioFile) -> list[tuple[str, str]]:
    if match.relation == Match.Relation.IDENTICAL:
        return []
    # What sounds of a side is what is matched over its share: so the shares give the lengths at one tempo.
    length = match.reference_coverage / max(match.query_coverage, 1e-6)
    found = [("a", reason) for reason in _quality(a, b, length)]
    return found + [("b", reason) for reason in _quality(b, a, 1 / max(length, 1e-6))]


def _quality(file: AudioFile, other: AudioFile, length: float) -> list[str]:
    """Return what speaks for a file; `length`: how many times as long as the other it sounds."""
    if has_eight_bits(file) != has_eight_bits(other):
        return [] if has_eight_bits(file) else ["more than eight bits"]
    reasons = []
    spectrum = file.cutoff_hz / other.cutoff_hz if file.cutoff_hz and other.cutoff_hz else None
    if spectrum and spectrum >= LOSSLESS_SPECTRUM and is_lossless(file) and not is_lossless(other):
        reasons.append("lossless")
    elif spectrum and spectrum >= FULLER_SPECTRUM:
        reasons.append("fuller spectrum")
    elif _has_better_bit_rate(file, other) and (spectrum is None or spectrum > 1 / LOSSLESS_SPECTRUM):
        reasons.append("higher bit rate")
    if length > SAME_LENGTH:
        reasons.append("longer")
    return reasons


def _has_better_bit_rate(file: AudioFile, other: AudioFile) -> bool:
    rates = (file.bit_rate or 0, other.bit_rate or 0)
    same_codec = codec_name(file) == codec_name(other) and not is_lossless(file)
    return same_codec and rates[0] > rates[1] * BETTER_BIT_RATE > 0
