"""Where the pieces on a line begin and end: beyond what single moments say, as far as the pictures agree.

A moment is a second long and soon masked. So the stretches that moments make leave out a copy's fades, and parts with
other music over them. Once the line is believed, the filter's gains are evidence of single places. A stretch goes on as
long as they add up; on a wrong line such a random walk seldom climbs (Wald, 1945).
"""

from dataclasses import replace

import numpy as np

from catalog.engine.features.spectrogram import Floats
from catalog.engine.verification.limits import LIMITS
from catalog.engine.verification.path import Path, Stretch, stands_out


def borne_out(path: Path, gains: Floats, level: float) -> Path:
    """The path without the side stretches that chance explains.

    A stretch stays if its moments bring clearly more than ``level``, the nats that wrong places reach. It stays too if
    the filter's ``gains`` (n,), in nats a place, add up to ``LIMITS.side_gain`` in it.
    """
    kept = [
        one
        for one in path.stretches
        if one is path.best or stands_out(one, level) or gains[one.span].sum() >= LIMITS.side_gain
    ]
    return replace(path, stretches=tuple(kept))


def grown(path: Path, gains: Floats) -> Path:
    """The path with its stretches extended while ``gains`` (n,), nats a place, add up. Those that meet are joined."""
    stretches: list[Stretch] = []
    ordered = sorted(path.stretches, key=lambda stretch: stretch.first)
    for number, stretch in enumerate(ordered):
        before = stretches[-1].last + 1 if stretches else 0
        after = ordered[number + 1].first if number + 1 < len(ordered) else len(gains)
        first = stretch.first - _reach(gains[before : stretch.first][::-1])
        last = stretch.last + _reach(gains[stretch.last + 1 : after])
        if stretches and first <= before:
            joined = stretches.pop()
            stretches.append(Stretch(joined.first, last, joined.evidence + stretch.evidence))
        else:
            stretches.append(replace(stretch, first=first, last=last))
    return replace(path, stretches=tuple(stretches))


def _reach(gains: Floats) -> int:
    """How many of these places, from the end of a stretch outwards, still belong to it."""
    if not len(gains):
        return 0
    total = np.cumsum(gains)
    lost = np.flatnonzero(np.maximum.accumulate(np.maximum(total, 0.0)) - total > LIMITS.gap_loss)
    total = total[: lost[0]] if len(lost) else total
    if not len(total):
        return 0
    best = int(np.argmax(total))
    return best + 1 if total[best] >= min(LIMITS.end_gain, 0.5 * len(gains)) else 0
