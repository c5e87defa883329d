"""The protocols: what each asks. Seeded; queries are made once and kept under ``bench/cache/naming``.

A: chunks of many recordings in a row, altered and noisy. B: DJ mixes, and many short excerpts in a row. C: many copies
of one recording in the catalog. D: a recording, its mix and its compilation in the catalog; copies of the recording.
"""

import itertools
import json
import zlib
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from bench.audio import RATE, filtered, read, transcoded, write_flac
from bench.corpus import CACHE, CorpusTrack
from bench.naming import changes
from bench.naming.compose import Composed, Range, joined, levelled

FOLDER = CACHE / "naming"
SEED = 20_291
EDGE_S = 6.0  # of a track that no chunk is taken from
SIGMAS = {"easy": 0.04, "medium": 0.12, "hard": 0.25}
MIXES = (8, 16, 24)  # tracks of each DJ mix
CROSSFADE_S = 6.0
ROW_TRACKS, ROW_S = 40, 16.0
CODECS = (("libmp3lame", "mp3", "128k"), ("libmp3lame", "mp3", "64k"), ("aac", "mp4", "96k"), ("mp2", "mp2", "96k"))


@dataclass(frozen=True)
class NamedQuery:
    """A file to ask, and what is in it."""

    name: str
    path: Path
    truth: tuple[Range, ...]


def kept(name: str, make: Callable[[np.random.Generator], Composed]) -> NamedQuery:
    """The query of that name, made now unless it is there."""
    path = FOLDER / f"{name.replace('/', '_')}.flac"
    told = path.with_suffix(".json")
    if not told.exists():
        FOLDER.mkdir(parents=True, exist_ok=True)
        made = make(np.random.default_rng([SEED, zlib.crc32(name.encode())]))
        write_flac(path, made.samples, stereo=False)
        told.write_text(json.dumps([asdict(one) for one in made.truth]))
    return NamedQuery(name, path, tuple(Range(**row) for row in json.loads(told.read_text())))


def segments(tracks: list[CorpusTrack], level: str, chunks: int, label: str) -> Iterator[NamedQuery]:
    """Protocol A: queries until ``chunks`` chunks are in them."""
    total, number = 0, 0
    while total < chunks:
        query = kept(f"{label}-{level}-{number}", lambda rng: _segments(tracks, SIGMAS[level], rng))
        yield query
        total, number = total + len(query.truth), number + 1


def _segments(tracks: list[CorpusTrack], sigma: float, rng: np.random.Generator) -> Composed:
    count = 3 + int(rng.exponential(0.5))
    chosen = rng.choice(len(tracks), count, replace=False)
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


def mixes(tracks: list[CorpusTrack], label: str) -> Iterator[NamedQuery]:
    """Protocol B: DJ mixes with crossfades, a third at another tempo, a third at another speed."""
    usable = [track for track in tracks if track.duration_s > 60]
    for count in MIXES:
        yield kept(f"{label}-mix-{count}", lambda rng, count=count: _mix(usable, count, rng))


def mix_of(tracks: list[CorpusTrack], label: str) -> NamedQuery:
    """One DJ mix of all these tracks."""
    return kept(f"{label}-mix-of-{len(tracks)}", lambda rng: _mix(tracks, len(tracks), rng))


def _mix(tracks: list[CorpusTrack], count: int, rng: np.random.Generator) -> Composed:
    pieces = []
    for place, number in enumerate(rng.choice(len(tracks), count, replace=False)):
        track = tracks[number]
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
    made = joined(pieces, [CROSSFADE_S] * (count - 1), fade=[True] * (count - 1))
    return Composed(transcoded(made.samples * 0.7, "libmp3lame", "mp3", RATE, {"b": "192k"}), made.truth)


def row(tracks: list[CorpusTrack], label: str) -> NamedQuery:
    """Many short excerpts of different tracks, joined plainly."""

    def make(rng: np.random.Generator) -> Composed:
        usable = [track for track in tracks if track.duration_s > ROW_S + 2 * EDGE_S]
        pieces = []
        for number in rng.choice(len(usable), min(ROW_TRACKS, len(usable)), replace=False):
            track = usable[number]
            start_s = float(rng.uniform(EDGE_S, track.duration_s - EDGE_S - ROW_S))
            samples = levelled(read(track.path, start_s, ROW_S))
            length_s = samples.shape[1] / RATE
            pieces.append(Composed(samples, (Range(track.name, 0, length_s, start_s, start_s + length_s),)))
        return joined(pieces, [0.0] * (len(pieces) - 1), fade=[False] * (len(pieces) - 1))

    return kept(f"{label}-row", make)


def copies(track: CorpusTrack, count: int, label: str) -> list[NamedQuery]:
    """Protocol C: copies of one recording with noise of their own at -35 dB, each through a codec of its own."""

    def make(rng: np.random.Generator) -> Composed:
        samples = levelled(read(track.path, 0.0, min(track.duration_s, 90.0)))
        over = rng.standard_normal(samples.shape).astype(np.float32)
        samples = samples + over * np.float32(np.sqrt((samples**2).mean()) * 10 ** (-35 / 20))
        codec, container, rate = CODECS[int(rng.integers(len(CODECS)))]
        samples = transcoded(samples, codec, container, RATE, {"b": rate})
        return Composed(samples, (Range(track.name, 0, samples.shape[1] / RATE, 0, samples.shape[1] / RATE),))

    return [kept(f"{label}-copy-{number}", make) for number in range(count)]


def compilation(tracks: list[CorpusTrack], label: str) -> NamedQuery:
    """Whole tracks in a row, as a catalog's compilation holds them."""

    def make(_rng: np.random.Generator) -> Composed:
        pieces = []
        for track in tracks:
            samples = levelled(read(track.path))
            length_s = samples.shape[1] / RATE
            pieces.append(Composed(samples, (Range(track.name, 0, length_s, 0, length_s),)))
        return joined(pieces, [0.0] * (len(pieces) - 1), fade=[False] * (len(pieces) - 1))

    return kept(f"{label}-compilation", make)


def encoded(track: CorpusTrack, label: str) -> list[NamedQuery]:
    """Protocol D: the recording encoded anew, in four ways."""

    def make(way: tuple[str, str, str]) -> Callable[[np.random.Generator], Composed]:
        def run(_rng: np.random.Generator) -> Composed:
            samples = transcoded(read(track.path), way[0], way[1], RATE, {"b": way[2]})
            length_s = samples.shape[1] / RATE
            return Composed(samples, (Range(track.name, 0, length_s, 0, length_s),))

        return run

    return [kept(f"{label}-{zlib.crc32(track.name.encode()):08x}-{way[1]}-{way[2]}", make(way)) for way in CODECS]
