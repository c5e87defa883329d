"""Protocols C and D: many copies of one recording; a recording with its mix and its compilation."""

import zlib
from collections.abc import Callable, Sequence

import numpy as np

from bench.audio import RATE, read, transcoded
from bench.corpus import CorpusTrack
from bench.naming.compose import Composed, Range, joined, levelled
from bench.naming.drawing import Draw, NamedQuery
from bench.naming.mixes import excerpt, mixed

COPY_S = 90.0
NOISE_DB = -35
CODECS = (("libmp3lame", "mp3", "128k"), ("libmp3lame", "mp3", "64k"), ("aac", "mp4", "96k"), ("mp2", "mp2", "96k"))


def copies(draw: Draw, track: CorpusTrack, count: int) -> list[NamedQuery]:
    """Copies of one recording with noise of their own, each through a codec of its own."""

    def make(rng: np.random.Generator) -> Composed:
        samples = levelled(read(track.path, 0.0, min(track.duration_s, COPY_S)))
        over = rng.standard_normal(samples.shape).astype(np.float32)
        samples = samples + over * np.float32(np.sqrt((samples**2).mean()) * 10 ** (NOISE_DB / 20))
        codec, container, rate = CODECS[int(rng.integers(len(CODECS)))]
        samples = transcoded(samples, codec, container, RATE, {"b": rate})
        return Composed(samples, (Range(track.name, 0, samples.shape[1] / RATE, 0, samples.shape[1] / RATE),))

    return [draw.kept(f"copy-{number}", make) for number in range(count)]


def mix_of(draw: Draw, tracks: Sequence[CorpusTrack]) -> NamedQuery:
    """One DJ mix of all these tracks."""
    return draw.kept(f"mix-of-{len(tracks)}", lambda rng: mixed(tracks, rng))


def compilation(draw: Draw, tracks: Sequence[CorpusTrack]) -> NamedQuery:
    """Whole tracks in a row, as a catalog's compilation holds them."""

    def make(_rng: np.random.Generator) -> Composed:
        pieces = [excerpt(track, 0.0, None) for track in tracks]
        return joined(pieces, [0.0] * (len(pieces) - 1), fade=[False] * (len(pieces) - 1))

    return draw.kept(f"compilation-{len(tracks)}", make)


def encoded(draw: Draw, track: CorpusTrack) -> list[NamedQuery]:
    """The recording encoded anew, in four ways."""

    def make(codec: str, container: str, rate: str) -> Callable[[np.random.Generator], Composed]:
        def run(_rng: np.random.Generator) -> Composed:
            samples = transcoded(read(track.path), codec, container, RATE, {"b": rate})
            length_s = samples.shape[1] / RATE
            return Composed(samples, (Range(track.name, 0, length_s, 0, length_s),))

        return run

    label = f"{zlib.crc32(track.name.encode()):08x}"
    return [draw.kept(f"{label}-{way[1]}-{way[2]}", make(*way)) for way in CODECS]
