"""Protocol A: chunks of three or more recordings in a row, altered and noisy."""

import itertools
from collections.abc import Iterator, Sequence

import numpy as np

from bench.audio import RATE, read, transcoded
from bench.corpus import CorpusTrack
from bench.naming import changes
from bench.naming.compose import Composed, Range, joined, levelled
from bench.naming.drawing import Draw, NamedQuery

EDGE_S = 6.0  # of a track that no chunk is taken from
SIGMAS = {"easy": 0.04, "medium": 0.12, "hard": 0.25}


def segments(draw: Draw, level: str, chunks: int) -> Iterator[NamedQuery]:
    """Queries until ``chunks`` chunks are in them."""
    usable = [track for track in draw.tracks if track.duration_s > 30]
    total, number = 0, 0
    while total < chunks:
        query = draw.kept(f"{level}-{number}", lambda rng: _segments(usable, SIGMAS[level], rng))
        yield query
        total, number = total + len(query.truth), number + 1


def _segments(tracks: Sequence[CorpusTrack], sigma: float, rng: np.random.Generator) -> Composed:
    count = 3 + int(rng.exponential(0.5))
    chosen = rng.choice(len(tracks), min(count, len(tracks)), replace=False)
    pieces = [_chunk(tracks[number], rng, sigma) for number in chosen]
    joins = [("plain", "fade", "overlap")[rng.integers(3)] for _ in pieces[1:]]
    longest = [min(a.samples.shape[1], b.samples.shape[1]) / RATE / 2 for a, b in itertools.pairwise(pieces)]
    drawn = [0.0 if join == "plain" else float(rng.uniform(2, 5)) for join in joins]
    overlaps = [min(pair) for pair in zip(drawn, longest, strict=True)]
    made = joined(pieces, overlaps, fade=[join == "fade" for join in joins])
    samples = transcoded(made.samples * 0.7, "libmp3lame", "mp3", RATE, {"b": "128k"})
    return Composed(samples, made.truth)


def _chunk(track: CorpusTrack, rng: np.random.Generator, sigma: float) -> Composed:
    longest = min(30.0, track.duration_s - 2 * EDGE_S)
    seconds = min(longest, 4.5 + 25.5 * float(rng.beta(2, 1)))
    start_s = float(rng.uniform(EDGE_S, max(EDGE_S, track.duration_s - EDGE_S - seconds)))
    samples, tempo, name = levelled(read(track.path, start_s, seconds)), 1.0, ""
    if rng.integers(2):
        samples, tempo, name = changes.altered(samples, rng, sigma)
    if rng.integers(2):
        samples, noise = changes.noisy(samples, rng)
        name = f"{name} {noise}".strip()
    samples = levelled(samples)
    length_s = samples.shape[1] / RATE
    return Composed(samples, (Range(track.name, 0.0, length_s, start_s, start_s + length_s * tempo, name),))
