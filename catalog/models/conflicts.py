"""How strongly the facts of two copies contradict that they are one recording, as a number to sort by."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from catalog.models.match import Match
    from catalog.models.track import Track

COPIES = ("identical", "same", "excerpt")  # relations by which two tracks may be joined as one recording
LEAST_TEMPO = 0.0075  # of the tempo: less is no alteration
_WEIGHTS = {"isrc": 3, "artist": 3, "account": 1}
_SPED, _UNNAMED = 2, 1


def conflicts_of(match: "Match") -> list[str]:
    """Return what two copies differ in: of "artist", "isrc" and "account". Reads both tracks."""
    a, b = match.query_track, match.reference_track
    if match.relation not in COPIES:
        return []
    found = [name for name in ("artist", "isrc") if _differ(a, b, name)]
    return found if a.owner_id == b.owner_id else [*found, "account"]


def weight_of(match: "Match") -> int:
    """Weigh the conflict of a match: 0 if ISRC, artist and account agree, or if one of the two has none."""
    found = conflicts_of(match)
    if not found:
        return 0
    sped = _SPED * (abs(match.tempo_ratio - 1) >= LEAST_TEMPO)
    unnamed = _UNNAMED * (not (match.query_track.isrc and match.reference_track.isrc))
    return sum(_WEIGHTS[name] for name in found) + sped + unnamed


def _differ(a: "Track", b: "Track", name: str) -> bool:
    one, other = getattr(a, name), getattr(b, name)
    return bool(one and other) and one.casefold() != other.casefold()
