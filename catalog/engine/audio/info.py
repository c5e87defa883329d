"""What an audio file is, as the decoder's process reported it."""

import math
from dataclasses import dataclass, field
from typing import Any

from catalog.engine.errors import DecodeCrashed

SLACK_S, SLACK = 1.0, 0.005  # headers round, and leave out or count the silence that encoders put in front
MOST, MOST_SMALL = 2**31 - 1, 2**15 - 1  # what a database's columns hold
MOST_TAGS = 40


def most_claimed_s(duration_s: Any) -> Any:
    """The longest claim (s) of a container that fits ``duration_s`` decoded seconds.

    It takes a number, or an expression of a database.
    """
    return (duration_s + SLACK_S) / (1 - SLACK)


@dataclass(frozen=True)
class AudioInfo:
    """What an audio file is. ``duration_s``: measured where the file was decoded, else what the container claims.

    ``sample_rate`` is in Hz, ``bit_rate`` in bit/s. ``claimed_s``: the length that the file promises; None where it
    promises none. ``skipped_places`` and ``skipped_s``: in how many places something could not be decoded and was left
    out, and how many seconds, as far as that is known.

    ``tracks``: how many audio tracks are in the file; ``track``, from 1, is the one that was read. It is the default
    one, ``default_track``, unless that is silent or cannot be read and another can.

    ``has_video``: there are moving pictures too; a cover does not count.

    ``tags``: the file's own texts, by name in small letters. They are cut to length but may be hostile. Decoding leaves
    them empty.
    """

    container: str
    codec: str
    duration_s: float
    sample_rate: int
    channels: int
    bit_rate: int
    claimed_s: float | None = None
    skipped_places: int = 0
    skipped_s: float = 0.0
    has_video: bool = False
    tracks: int = 1
    track: int = 1
    default_track: int = 1
    tags: dict[str, str] = field(default_factory=dict)

    @property
    def is_incomplete(self) -> bool:
        """Whether clearly less audio was decoded than the file promises: it was cut short or is damaged."""
        return self.claimed_s is not None and self.claimed_s > most_claimed_s(self.duration_s)


def info_of_report(report: dict[str, Any], duration_s: float) -> AudioInfo:
    """Read the report of the decoder's process, and check every value: a file that took it over may report anything.

    ``DecodeCrashed`` where it is no report.
    """
    try:
        promised = report.get("promised_s")
        return AudioInfo(
            container=str(report["container"]),
            codec=str(report["codec"]),
            duration_s=_finite(duration_s),
            sample_rate=_count(report["sample_rate"]),
            channels=_small(report["channels"]),
            bit_rate=_count(report["bit_rate"]),
            claimed_s=None if promised is None else _finite(promised),
            skipped_places=_count(report.get("skipped_places", 0)),
            skipped_s=_finite(report.get("skipped_s", 0.0)),
            **{name: _small(report.get(name, 1)) for name in ("tracks", "track", "default_track")},
            has_video=bool(report.get("has_video")),
            tags={str(name): str(value) for name, value in list(report.get("tags", {}).items())[:MOST_TAGS]},
        )
    except (KeyError, TypeError, ValueError, OverflowError, AttributeError) as error:
        raise DecodeCrashed("The decoder stopped in the middle of the file.") from error


def _finite(seconds: float) -> float:
    if not math.isfinite(seconds):
        raise ValueError(f"{seconds} is no duration")
    return max(float(seconds), 0.0)


def _small(value: int) -> int:
    return min(_count(value), MOST_SMALL)


def _count(value: int) -> int:
    """A header's number within what a database column holds; headers may claim four thousand million hertz."""
    return min(max(int(value), 0), MOST)
