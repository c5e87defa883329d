"""Which of two copies is the better one to keep, and why."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

from catalog.models import AudioFile, Track
from catalog.services.audio.formats import is_lossless

# How much each reason counts: tags can be copied over, lost sound cannot.
# A file with something missing is never kept instead of a whole one, whatever else speaks for it.
WEIGHTS = {"nothing missing": 100, "lossless": 4, "higher bit rate": 2, "longer": 2}
SAME_LENGTH = 0.02
BETTER_BIT_RATE = 1.1


@dataclass(frozen=True)
class Suggestion:
    """`side` is "a" or "b"; `reasons` are a few words each."""

    side: str
    reasons: list[str]

    @property
    def words(self) -> str:
        """The reasons in one line."""
        return ", ".join(self.reasons)


def suggest_keeper(a: Track, b: Track) -> Suggestion:
    """Return the side with more to say for it; the catalog's own (B) where they are level."""
    for_a, for_b = _reasons(a, b), _reasons(b, a)
    if _weight(for_a) > _weight(for_b):
        return Suggestion("a", for_a)
    return Suggestion("b", for_b or ["in the catalog first"])


def suggest_of(tracks: Sequence[Track]) -> tuple[Track, str]:
    """Return which of several copies to keep, and why: the one that is suggested against most of the others."""
    ranked = sorted(tracks, key=lambda track: track.pk)  # the oldest first, which wins where they are level
    wins = {track.pk: 0 for track in ranked}
    for older, newer in combinations(ranked, 2):
        wins[newer.pk if suggest_keeper(newer, older).side == "a" else older.pk] += 1
    best = max(ranked, key=lambda track: wins[track.pk])
    reasons = [_reasons(best, other) for other in ranked if other != best]
    shared = [reason for reason in reasons[0] if all(reason in more for more in reasons)] if reasons else []
    return best, ", ".join(shared) or "better than most of the others"


def _weight(reasons: list[str]) -> int:
    return sum(WEIGHTS.get(reason, 1) for reason in reasons)


def _reasons(track: Track, other: Track) -> list[str]:
    if track.audio_file is None or other.audio_file is None:
        why = "the other has no audio" if other.made_by_client else "the other was removed"
        return [why] if track.audio_file else []
    reasons = _sound_reasons(track.audio_file, other.audio_file)
    if track.isrc and not other.isrc:
        reasons.append("has ISRC")
    if bool(track.artist) > bool(other.artist):
        reasons.append("has artist")
    if track.created_at < other.created_at:
        reasons.append("older")
    return reasons


def _sound_reasons(file: AudioFile, other: AudioFile) -> list[str]:
    reasons = ["nothing missing"] if other.is_damaged and not file.is_damaged else []
    if is_lossless(file) and not is_lossless(other):
        reasons.append("lossless")
    elif is_lossless(file) == is_lossless(other) and (file.bit_rate or 0) > (other.bit_rate or 0) * BETTER_BIT_RATE:
        reasons.append("higher bit rate")
    if file.duration_s > other.duration_s * (1 + SAME_LENGTH):
        reasons.append("longer")
    return reasons
