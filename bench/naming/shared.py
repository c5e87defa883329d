"""Protocol F: one jingle or drum loop under different music. It is shared, and nothing is a copy of the other."""

import zlib
from dataclasses import dataclass

import numpy as np

from bench.audio import RATE, read
from bench.corpus import CorpusTrack
from bench.effects import coloured
from bench.naming.compose import Composed, Range, levelled
from bench.naming.drawing import Draw, NamedQuery
from bench.naming.segments import EDGE_S
from bench.strangers import filled

MUSIC_S = 60.0  # of each side
JINGLE_S = 10.0
LOOP_UNDER = 0.5  # of the music's loudness: 6 dB under it
INTRO_S = 16.0  # in which the loop is heard alone
CASES = 8  # of each kind
Samples = np.ndarray


@dataclass(frozen=True)
class Shared:
    """``asked`` and ``held`` share a jingle or a loop and nothing else; it is heard alone for the first ``alone_s``."""

    kind: str
    asked: NamedQuery
    held: NamedQuery
    alone_s: float


def drum_loop(rng: np.random.Generator) -> Samples:
    """Two bars of kick, snare and hat at a drawn tempo, (2, n)."""
    step = round(RATE * 60 / float(rng.uniform(85, 150)) / 4)
    loop = np.zeros(32 * step, np.float32)
    kicks, snares = {0, 16, *rng.integers(0, 32, 4).tolist()}, {8, 24, *rng.integers(0, 32, 2).tolist()}
    tuned = float(rng.uniform(0.8, 1.3))
    seconds = np.arange(4 * step) / RATE
    glide = seconds + 0.08 * (1 - np.exp(-seconds * 30))  # a kick falls to its tone
    sounds = (
        (kicks, np.sin(2 * np.pi * 55 * tuned * glide) * np.exp(-seconds * 14)),
        (snares, 0.6 * coloured(4 * step, 0.2, rng)[0] * np.exp(-seconds * 22 * tuned)),
        (set(range(0, 32, int(rng.integers(1, 4)))), 0.25 * coloured(4 * step, -0.4, rng)[0] * np.exp(-seconds * 60)),
    )
    for places, sound in sounds:
        level = np.float32(1 / np.abs(sound).max())
        for place in places:
            stretch = loop[place * step : place * step + len(sound)]
            stretch += level * sound[: len(stretch)].astype(np.float32)
    return levelled(np.stack([loop, loop]))


def shared(draw: Draw, count: int = CASES) -> list[Shared]:
    """Jingles before different music, loops under it, and loops that begin alone."""
    tracks = draw.chosen("shared", MUSIC_S + 2 * EDGE_S)
    found = []
    for number in range(min(count, len(tracks) // 3)):
        musics, third = tracks[2 * number : 2 * number + 2], tracks[-1 - number]
        made = [
            ("jingle", [_after_jingle(draw, number, music, third) for music in musics], JINGLE_S),
            ("loop, alone at first", [_after_loop(draw, number, music) for music in musics], INTRO_S),
            ("loop under it", [_over_loop(draw, number, music) for music in musics], 0.0),
        ]
        found += [Shared(kind, asked, held, alone_s) for kind, (asked, held), alone_s in made]
    return found


def _after_jingle(draw: Draw, number: int, track: CorpusTrack, source: CorpusTrack) -> NamedQuery:
    """A jingle is a stretch of a third recording."""

    def make(rng: np.random.Generator) -> Composed:
        jingle = levelled(read(source.path, EDGE_S, JINGLE_S))
        samples = np.concatenate([jingle, _music(track, rng)], axis=1)
        return Composed(samples, (Range("jingle", 0, JINGLE_S, 0, JINGLE_S),))

    return draw.kept(f"jingle-{number}-{_mark(track)}", make)


def _over_loop(draw: Draw, number: int, track: CorpusTrack) -> NamedQuery:
    def make(rng: np.random.Generator) -> Composed:
        music = _music(track, rng)
        samples = music + LOOP_UNDER * filled(drum_loop(draw.rng(f"loop {number}")), music.shape[1])
        return Composed(samples, (Range("loop", 0, MUSIC_S, 0, MUSIC_S),))

    return draw.kept(f"loop-under-{number}-{_mark(track)}", make)


def _after_loop(draw: Draw, number: int, track: CorpusTrack) -> NamedQuery:
    def make(rng: np.random.Generator) -> Composed:
        music = np.pad(_music(track, rng), ((0, 0), (round(INTRO_S * RATE), 0)))
        loop = filled(drum_loop(draw.rng(f"loop {number}")), music.shape[1]).copy()
        loop[:, round(INTRO_S * RATE) :] *= LOOP_UNDER
        return Composed(music + loop, (Range("loop", 0, INTRO_S, 0, INTRO_S),))

    return draw.kept(f"loop-alone-{number}-{_mark(track)}", make)


def _music(track: CorpusTrack, rng: np.random.Generator) -> Samples:
    start_s = float(rng.uniform(EDGE_S, track.duration_s - EDGE_S - MUSIC_S))
    return levelled(read(track.path, start_s, MUSIC_S))


def _mark(track: CorpusTrack) -> str:
    return f"{zlib.crc32(track.name.encode()):08x}"
