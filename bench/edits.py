"""Edits along time: trimming, padding, fades, loops, swaps, missing pieces."""

from dataclasses import replace

import numpy as np

from bench.clip import Clip, Strangers, spliced


def trimmed(clip: Clip, _rng: np.random.Generator, _strangers: Strangers) -> Clip:
    """A fifth off the start, a tenth off the end."""
    return spliced(clip, [(clip.duration_s * 0.2, clip.duration_s * 0.9)])


def padded(clip: Clip, _rng: np.random.Generator, _strangers: Strangers) -> Clip:
    """Digital silence before and after, together half as long as the clip."""
    quiet = np.zeros((2, clip.samples.shape[1] // 4), dtype=np.float32)
    return spliced(clip, [quiet, (0.0, clip.duration_s), quiet])


def faded(clip: Clip, _rng: np.random.Generator, _strangers: Strangers) -> Clip:
    """Faded in over the first third, out over the last."""
    n = clip.samples.shape[1]
    ramp = np.minimum(1.0, np.minimum(np.arange(n), np.arange(n)[::-1]) * 3 / n)
    return replace(clip, samples=(clip.samples * ramp).astype(np.float32))


def looped(clip: Clip, _rng: np.random.Generator, _strangers: Strangers) -> Clip:
    """Its first third (at most 10 s) three times."""
    third = min(10.0, clip.duration_s / 3)
    return spliced(clip, [(0.0, third)] * 3)


def halves_swapped(clip: Clip, _rng: np.random.Generator, _strangers: Strangers) -> Clip:
    """Second half first."""
    half = clip.duration_s / 2
    return spliced(clip, [(half, clip.duration_s), (0.0, half)])


def pieces_removed(clip: Clip, _rng: np.random.Generator, _strangers: Strangers) -> Clip:
    """Three gaps of a twelfth each, closed up."""
    cut = [clip.duration_s * k / 12 for k in (0, 2, 3, 6, 7, 9, 10, 12)]
    return spliced(clip, list(zip(cut[::2], cut[1::2], strict=True)))
