"""Where the pieces on a line begin and end: further out than single moments say, as far as the pictures go on.

Moments are a second long, and soon masked; so a copy's fades, and what other music lies over, are not in the stretches
that they make. Once the line is believed, the filter's gains along it are evidence of single places, and a stretch
reaches as far as they add up: a random walk that seldom climbs where the line is wrong (Wald, 1945).
"""

from dataclasses import replace

import numpy as np

from catalog.engine.features.spectrogram import Floats
from catalog.engine.verification.limits import LIMITS
from catalog.engine.verification.path import Path, Stretch, stands_out


def borne_out(path: Path, gains: Floats, level: float) -> Path:
    """The path without side stretches that chance explains: by moments they bring no more than wrong places reach.

    ``level``: nats that those reach. The pictures may speak for a stretch as well, with ``gains`` (n,) in nats a place.
    """
    kept = [
        one
        for one in path.stretches
        if one is path.best or stands_out(one, level) or gains[one.first : one.last + 1].sum() >= LIMITS.side_gain
    ]
    return replace(path, stretches=tuple(kept))


def grown(path: Path, gains: Floats) -> Path:
    """The path with stretches that go on while ``gains`` (n,), in nats a place, add up. What meets is one."""
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
