"""Edits along time: trimming, padding, fades, loops, swaps, missing pieces, a speed that does not stay."""

from dataclasses import replace

import numpy as np

from bench.audio import RATE
from bench.clip import Clip, Operation, Span, Strangers, spliced


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


def short_cut(clip: Clip, _rng: np.random.Generator, _strangers: Strangers) -> Clip:
    """0.3 s missing in the middle."""
    half = clip.duration_s / 2
    return spliced(clip, [(0.0, half - 0.15), (half + 0.15, clip.duration_s)])


def changing_speed(first: float, last: float, *, gliding: bool) -> Operation:
    """From one speed to another, in one step half way or little by little; tempo and pitch are those on average."""

    def run(clip: Clip, _rng: np.random.Generator, _strangers: Strangers) -> Clip:
        n = clip.samples.shape[1]
        share = np.linspace(0, 1, n) if gliding else (np.arange(n) >= n // 2).astype(float)
        heard = np.cumsum(first + (last - first) * share)
        heard = heard[heard < n - 1]
        samples = np.stack([np.interp(heard, np.arange(n), c) for c in clip.samples]).astype(np.float32)
        half = int(np.searchsorted(heard, n // 2))
        starts_s = [clip.spans[0].reference_start_s + float(heard[place]) / RATE for place in (0, half)]
        spans = (Span(0.0, half / RATE, starts_s[0]), Span(half / RATE, len(heard) / RATE, starts_s[1]))
        mean = n / len(heard)
        return Clip(samples, spans, mean, 12 * float(np.log2(mean)))

    return run
