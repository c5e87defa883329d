"""Protocol B: DJ mixes, many short excerpts in a row, and an hour that holds one known recording."""

from collections.abc import Iterator, Sequence

import numpy as np

from bench.audio import RATE, filtered, read, transcoded
from bench.corpus import CorpusTrack
from bench.naming import changes
from bench.naming.compose import Composed, Range, joined, levelled
from bench.naming.drawing import Draw, NamedQuery
from bench.naming.segments import EDGE_S

MIXES = (8, 16, 24)  # tracks of each DJ mix
CROSSFADE_S = 6.0
ROW_TRACKS, ROW_S = 40, 16.0
EXCERPT_S = 61.0


def mixes(draw: Draw) -> Iterator[NamedQuery]:
    """DJ mixes with crossfades, a third at another tempo, a third at another speed; the shortest first."""
    for count in MIXES:
        chosen = draw.chosen(f"mix of {count}", 60)[:count]
        yield draw.kept(f"mix-{count}", lambda rng, chosen=chosen: mixed(chosen, rng))


def mixed(tracks: Sequence[CorpusTrack], rng: np.random.Generator) -> Composed:
    """All these tracks, one after the other."""
    pieces = []
    for place, track in enumerate(tracks):
        seconds = min(float(rng.uniform(45, 100)), track.duration_s - 8)
        start_s = float(rng.uniform(2, max(2.0, track.duration_s - seconds - 4)))
        samples, tempo, name = levelled(read(track.path, start_s, seconds)), 1.0, ""
        sign = 1 if rng.integers(2) else -1
        if place % 3 == 1:
            tempo = 1 + sign * float(rng.uniform(0.03, 0.05))
            samples, name = changes.stretched(samples, tempo, 1.0), f"tempo {tempo:.3f}"
        elif place % 3 == 2:
            rate = round(RATE * (1 + sign * float(rng.uniform(0.02, 0.04))))
            tempo = rate / RATE
            samples, name = filtered(samples, f"asetrate={rate},aresample={RATE}"), f"speed {tempo:.3f}"
        length_s = samples.shape[1] / RATE
        pieces.append(Composed(samples, (Range(track.name, 0, length_s, start_s, start_s + length_s * tempo, name),)))
    joins = len(pieces) - 1
    made = joined(pieces, [CROSSFADE_S] * joins, fade=[True] * joins)
    return Composed(transcoded(made.samples * 0.7, "libmp3lame", "mp3", RATE, {"b": "192k"}), made.truth)


def row(draw: Draw, count: int = ROW_TRACKS) -> NamedQuery:
    """Many short excerpts of different tracks, joined plainly."""

    def make(rng: np.random.Generator) -> Composed:
        pieces = []
        for track in draw.chosen("row", ROW_S + 2 * EDGE_S)[:count]:
            start_s = float(rng.uniform(EDGE_S, track.duration_s - EDGE_S - ROW_S))
            pieces.append(excerpt(track, start_s, ROW_S))
        return joined(pieces, [0.0] * (len(pieces) - 1), fade=[False] * (len(pieces) - 1))

    return draw.kept(f"row-{count}", make)


def short_reference(draw: Draw) -> NamedQuery:
    """A piece of 61 s of one track, encoded: what an hour-long query holds, and the only thing in it that is known."""

    def make(rng: np.random.Generator) -> Composed:
        track = draw.chosen("short reference", EXCERPT_S + 2 * EDGE_S)[0]
        start_s = float(rng.uniform(EDGE_S, track.duration_s - EDGE_S - EXCERPT_S))
        piece = excerpt(track, start_s, EXCERPT_S)
        return Composed(transcoded(piece.samples, "libmp3lame", "mp3", RATE, {"b": "128k"}), piece.truth)

    return draw.kept("short-reference", make)


def excerpt(track: CorpusTrack, start_s: float, seconds: float | None) -> Composed:
    """A stretch of a track at the common loudness; ``seconds`` None for all from there."""
    samples = levelled(read(track.path, start_s, seconds))
    length_s = samples.shape[1] / RATE
    return Composed(samples, (Range(track.name, 0, length_s, start_s, start_s + length_s),))
