"""Which queries the bench asks, and the truth of each: seeded, made once, cached under ``bench/cache/queries``."""

import json
import os
import zlib
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path

import numpy as np

from bench.alterations import ALTERATIONS, GRID_FAMILIES, SHORT, WIDE, Alteration
from bench.audio import RATE, read, write_flac
from bench.clip import Clip, Strangers, original
from bench.corpus import CACHE, HOLD_OUT, SPLITS, CorpusTrack, tracks
from bench.progress import counted
from bench.relatives import family
from bench.strangers import NEAR_SILENT, SYNTHETIC, filled, strangers_from, synthetic

SEED = 20_261
HELD_OUT = 3  # one group of tracks in so many is kept out of every index
WHOLE_LIMIT_S = 330
LENGTHS = {"whole": None, "30 s": 30.0, "10 s": 10.0, "5 s": 5.0, "3 s": 3.0, "2 s": 2.0, "1 s": 1.0}
# Queries per alteration: family → {length: how many}; "single" is every family that is not named. Whole and 30 s are
# 21 together, so that one lost query leaves an alteration over 95 %.
COUNTS = {
    "single": {"whole": 1, "30 s": 20, "10 s": 8, "5 s": 8},
    "edit": {"whole": 1, "30 s": 20},
    "grid": {"whole": 1, "30 s": 20},
    "combination": {"30 s": 20},
    "mix": {"in a mix": 24},
}
QUICK_COUNTS = {
    "single": {"30 s": 1, "5 s": 1},
    "edit": {"30 s": 1},
    "grid": {"30 s": 1},
    "combination": {"30 s": 1},
    "mix": {"in a mix": 2},
}
NEGATIVES = {"whole": 1, "30 s": 8, "10 s": 8, "5 s": 8}  # per held-out track; every second one altered
SYNTHETIC_NEGATIVES = 7  # of each kind and length


@dataclass(frozen=True)
class Query:
    """What to ask. ``track`` is the reference that is inside, or None for a negative."""

    key: str
    split: str
    alteration: str
    family: str
    value: float
    length: str
    track: str | None
    source: str

    @property
    def path(self) -> Path:
        """Where its audio is cached."""
        return CACHE / "queries" / self.split / f"{zlib.crc32(self.key.encode()):08x}.flac"

    def truth(self) -> dict:
        """``spans`` [[query start, query end, reference start]], ``tempo``, ``pitch``, ``duration_s``."""
        return json.loads(self.path.with_suffix(".json").read_text())


def held_out(split: str) -> list[CorpusTrack]:
    """Tracks of a split that no index holds; a game's "_fast" files stay on the side of what they speed up."""

    def side(track: CorpusTrack) -> int:
        stem = track.path.stem.split("-", 1)[1].removesuffix("_fast").removesuffix("_f")
        return zlib.crc32(f"{track.package}/{stem}".encode()) % HELD_OUT

    return [track for track in tracks(split) if side(track) == 0]


def negative_tracks(split: str) -> list[CorpusTrack]:
    """The held-out tracks that have no relative in any index."""
    names = {track.name for track in held_out(split)}
    indexed = {family(t.name) for name in {*SPLITS, split} for t in tracks(name) if t.name not in names}
    return [track for track in held_out(split) if family(track.name) not in indexed]


def references(split: str) -> list[CorpusTrack]:
    """Tracks of a split that the index holds and the positive queries are made of."""
    names = {t.name for t in held_out(split)}
    return [t for t in tracks(split) if t.name not in names]


def indexed_tracks(split: str, *, distractors: bool) -> list[CorpusTrack]:
    """The references of ``split``, with a third of the training's tracks (and all of the tuning's) as distractors.

    A tuning run never touches the test's tracks.
    """
    if not distractors:
        return references(split)
    beside_test = tracks("training")[::3] + tracks("tuning")
    others = {"test": beside_test, HOLD_OUT: beside_test, "tuning": tracks("training")[::3]}
    return references(split) + others.get(split, [])


def positives(split: str, *, quick: bool) -> list[Query]:
    """So many tracks for every alteration and length."""
    counts = QUICK_COUNTS if quick else COUNTS
    pool = references(split)
    return [query for alteration in ALTERATIONS for query in asked_of(alteration, counts, pool, split)]


def asked_of(alteration: Alteration, counts: dict, pool: list[CorpusTrack], split: str) -> Iterator[Query]:
    """So many queries of each length for one alteration, each of another track. ``counts`` as ``COUNTS``."""
    kind = "grid" if alteration.family in GRID_FAMILIES else alteration.family
    for length, count in counts.get(kind, counts["single"]).items():
        seconds = LENGTHS.get(length, alteration.value) or 0
        usable = [
            t
            for t in pool
            if seconds * alteration.tempo + 2 < t.duration_s and (seconds or t.duration_s < WHOLE_LIMIT_S)
        ]
        order = _rng(f"{alteration.name} {length}").permutation(len(usable))
        for number in range(min(count, len(usable))):
            track = usable[order[number]]
            key = f"{alteration.name}|{length}|{track.name}"
            yield Query(
                key, split, alteration.name, alteration.family, alteration.value, length, track.name, track.name
            )


def negatives(split: str, *, quick: bool) -> list[Query]:
    """Held-out tracks plain and altered, loops of them, and synthetic sound."""
    found: list[Query] = []
    plain = [a for a in ALTERATIONS if a.family != "mix"]
    for place, track in enumerate(negative_tracks(split)):
        for length, count in NEGATIVES.items():
            if length == "whole" and track.duration_s > WHOLE_LIMIT_S:
                continue
            for number in range(count if not quick else int(length != "whole" and place % 3 == 0)):
                chosen = plain[_rng(f"negative {track.name} {length} {number}").integers(len(plain))]
                name = "clean" if number % 2 == 0 else "looped 2 s" if number == 7 else chosen.name
                key = f"negative|{name}|{length}|{number}|{track.name}"
                found.append(Query(key, split, name, "negative music", 0, length, None, track.name))
    for kind in (*SYNTHETIC, NEAR_SILENT):
        for length in ("30 s", "10 s", "5 s"):
            for number in range(1 if quick else SYNTHETIC_NEGATIVES):
                key = f"negative|{kind}|{length}|{number}"
                found.append(Query(key, split, kind, "negative synthetic", 0, length, None, kind))
    return found


def thinned(queries: list[Query], every: int) -> list[Query]:
    """About one query in ``every``, always the same ones."""
    return [q for q in queries if zlib.crc32(f"thin {q.key}".encode()) % every == 0]


def make_all(queries: list[Query], workers: int) -> None:
    """Make the audio that is not cached yet, in ``workers`` processes."""
    missing = [q for q in queries if not q.path.with_suffix(".json").exists()]
    if not missing:
        return
    missing[0].path.parent.mkdir(parents=True, exist_ok=True)
    with ProcessPoolExecutor(workers) as pool:
        list(counted(pool.map(make, missing, chunksize=4), len(missing), "queries made", 200))


def make(query: Query) -> None:
    """Cut, alter, write; the truth is written last, so that an interrupted one is made again."""
    rng = _rng(query.key)
    known = {a.name: a for a in (*ALTERATIONS, *WIDE, *SHORT)}
    alteration = known.get(query.alteration)
    if query.family == "negative synthetic":
        seconds = LENGTHS[query.length] or 0
        clip = Clip(synthetic(query.source, round(seconds * RATE), rng), ())
    elif query.alteration == "looped 2 s":
        seconds = LENGTHS[query.length] or 60
        clip = Clip(filled(_cut(query, 2.0, rng).samples, round(seconds * RATE)), ())
    elif alteration is None:
        raise ValueError(query.key)
    else:
        seconds = LENGTHS.get(query.length, alteration.value)
        clip = alteration.apply(_cut(query, (seconds or 0) * alteration.tempo, rng), rng, _strangers(query.split))
    temporary = query.path.with_suffix(f".{os.getpid()}.part")
    write_flac(temporary, clip.samples, stereo=alteration is not None and alteration.stereo)
    temporary.replace(query.path)
    spans = [asdict(span) for span in clip.spans] if query.track else []
    truth = {"spans": spans, "tempo": clip.tempo, "pitch": clip.pitch, "duration_s": clip.duration_s}
    query.path.with_suffix(".json").write_text(json.dumps(truth))


def _cut(query: Query, seconds: float, rng: np.random.Generator) -> Clip:
    """A cut with some sound in it; the whole track when ``seconds`` is 0."""
    track = _by_name(query.split)[query.source]
    if not seconds:
        return original(read(track.path), 0.0)
    for _ in range(6):
        start_s = float(rng.uniform(0, max(0.0, track.duration_s - seconds - 1)))
        samples = read(track.path, start_s, seconds)
        half = samples.shape[1] // 2
        if min(np.sqrt((samples[:, :half] ** 2).mean()), np.sqrt((samples[:, half:] ** 2).mean())) > 5e-3:
            break
    return original(samples, start_s)


@cache
def _by_name(split: str) -> dict[str, CorpusTrack]:
    return {track.name: track for track in tracks(split)}


@cache
def _strangers(split: str) -> Strangers:
    return strangers_from(held_out(split))


def _rng(text: str) -> np.random.Generator:
    return np.random.default_rng([SEED, zlib.crc32(text.encode())])
