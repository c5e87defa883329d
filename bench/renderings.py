"""``python -m bench.renderings``: the same notes by other instruments, or played again: how many are taken for copies.

MIDI pieces rendered by FluidSynth (Debian: ``fluidsynth``, ``fluid-soundfont-gm``, ``timgm6mb-soundfont``) are asked
against all originals and the training and tuning music. ``QUICK=1``: every tenth piece. Each is reported as a copy,
told as related (perhaps another performance), or neither. The goal is at most 50 of 1,176 that are reported as copies.
"""

import hashlib
import os
import subprocess
import sys
import time
from collections.abc import Callable, Collection
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bench import audio, corpus, report
from bench.goals import Goal
from bench.midi import other_sound, pieces, wandering
from bench.prints import make_prints, print_of
from bench.progress import counted
from bench.queries import references
from catalog.engine import FingerprintIndex
from catalog.engine.search.find import Wanted

FOLDER = corpus.CACHE / "renderings"
FONTS = Path("/usr/share/sounds/sf2")
FLUID, TIM = FONTS / "FluidR3_GM.sf2", FONTS / "TimGM6mb.sf2"
LONGEST_S = 200  # of rendering
LENGTHS_S = (None, 30, 10)
AGAIN = {"wandering time, smooth", "wandering time, random walk"}  # of every second piece, whole and 30 s
MOST_COPIES, OF = 50, 1_176
COPY, RELATED = "reported as copies", "told as related"
Change = Callable[[bytes, np.random.Generator], bytes]


@dataclass(frozen=True)
class Kind:
    """What is done to a piece, and the sound font that plays it."""

    font: Path
    change: Change


ORIGINAL = "original"
KINDS: dict[str, Kind] = {
    ORIGINAL: Kind(FLUID, lambda midi, _: midi),
    "another sound font": Kind(TIM, lambda midi, _: midi),
    "other instruments and strengths": Kind(FLUID, lambda midi, random: other_sound(midi, random, 0)),
    "both, five channels left out": Kind(TIM, lambda midi, random: other_sound(midi, random, 5)),
    "wandering time, smooth": Kind(FLUID, lambda midi, random: wandering(midi, random, walk=False)),
    "wandering time, random walk": Kind(FLUID, lambda midi, random: wandering(midi, random, walk=True)),
}


@dataclass(frozen=True)
class Rendering:
    """One piece in one kind; ``length_s`` None for the whole."""

    piece: str
    kind: str
    length_s: int | None = None

    @property
    def path(self) -> Path:
        """Of the audio."""
        cut = f"-{self.length_s}s" if self.length_s else ""
        return FOLDER / f"{self.piece}-{self.kind.replace(' ', '_').replace(',', '')}{cut}.flac"

    @property
    def random(self) -> np.random.Generator:
        """Its own, always the same."""
        key = f"{self.piece}|{self.kind}|{self.length_s}".encode()
        return np.random.default_rng(int.from_bytes(hashlib.sha256(key).digest()[:8], "little"))


def main() -> int:
    """Render, cut, index, ask, tell."""
    found = pieces(corpus.CACHE / "debs")
    names = sorted(found)[:: 10 if os.environ.get("QUICK") else 1]
    wholes = [Rendering(name, kind) for kind in KINDS for name in (names[::2] if kind in AGAIN else names)]
    FOLDER.mkdir(parents=True, exist_ok=True)
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        renderings = pool.map(_render, wholes, [found[whole.piece] for whole in wholes], chunksize=4)
        list(counted(renderings, len(wholes), "renderings"))
        wholes = [whole for whole in wholes if whole.path.exists()]
        asked = [whole for whole in wholes if whole.kind != ORIGINAL]
        cuts = [Rendering(w.piece, w.kind, s) for w in asked for s in _lengths(w.kind) if s]
        list(pool.map(_cut, cuts, chunksize=8))
    asked += [cut for cut in cuts if cut.path.exists()]
    make_prints([rendering.path for rendering in {*wholes, *asked}], os.cpu_count() or 1)
    originals = tuple(whole for whole in wholes if whole.kind == ORIGINAL)
    print(f"{report.conditions()}; {len(originals)} pieces, {len(asked)} renderings of them", flush=True)
    began = time.monotonic()
    with ProcessPoolExecutor(os.cpu_count(), initializer=_index, initargs=(originals,)) as pool:
        answers = counted(pool.map(_told_as, asked, chunksize=8), len(asked), "asked")
        told = dict(zip(asked, answers, strict=True))
    for name in (COPY, RELATED):
        print(f"{name}:\n" + "\n".join(_table({rendering: one == name for rendering, one in told.items()})))
    goal = reported_goal(list(told.values()))
    print(f"asked in {time.monotonic() - began:.0f} s\n{goal.line()}")
    return 0 if goal.met else 1


def reported_goal(told: Collection[str]) -> Goal:
    """Copies are few; what is told as related is counted beside."""
    copies, related = ([*told].count(name) for name in (COPY, RELATED))
    name = f"renderings and performances reported as copies: at most {MOST_COPIES} of {OF:,}"
    reached = f"{copies} of {len(told)}; {related} told as related"
    return Goal(name, reached, bool(told) and copies * OF <= MOST_COPIES * len(told))


def _lengths(kind: str) -> tuple[int | None, ...]:
    return LENGTHS_S[:2] if kind in AGAIN else LENGTHS_S


def _render(rendering: Rendering, midi: bytes) -> None:
    """A file that FluidSynth or the MIDI library cannot read is left out, and said."""
    if rendering.path.exists():
        return
    kind, part = KINDS[rendering.kind], rendering.path.with_suffix(f".part{os.getpid()}.flac")
    score = part.with_suffix(".mid")
    try:
        score.write_bytes(kind.change(midi, rendering.random))
        options = ["-ni", "-q", "-g", "0.4", "-r", "22050", "-T", "flac", "-F", str(part)]
        command = ["fluidsynth", *options, str(kind.font), str(score)]
        subprocess.run(command, check=True, capture_output=True, timeout=LONGEST_S)
        part.rename(rendering.path)
    except (OSError, ValueError, KeyError, EOFError, subprocess.SubprocessError) as error:
        print(f"left out: {rendering.piece}, {rendering.kind}: {error}", flush=True)
    finally:
        score.unlink(missing_ok=True)
        part.unlink(missing_ok=True)


def _cut(cut: Rendering) -> None:
    """Somewhere in the piece; none of one that is too short."""
    whole, length_s = Rendering(cut.piece, cut.kind).path, cut.length_s or 0
    if cut.path.exists():
        return
    samples = audio.read(whole)
    room = samples.shape[1] - (length_s + 2) * audio.RATE
    if room > 0:
        first = int(cut.random.integers(room))
        audio.write_flac(cut.path, samples[:, first : first + length_s * audio.RATE], stereo=False)


_opened: list[FingerprintIndex] = []  # of this process


def _index(originals: tuple[Rendering, ...]) -> None:
    index = FingerprintIndex()
    others = [track.path for split in ("training", "tuning") for track in references(split)]
    for number, path in enumerate([*(original.path for original in originals), *others]):
        fingerprint = print_of(path).fingerprint
        if fingerprint is not None:
            index.add(number, fingerprint)
    _opened[:] = [index]


def _told_as(rendering: Rendering) -> str:
    """``COPY`` where anything is reported, ``RELATED`` where something is as like but strays in time, or "nothing"."""
    fingerprint = print_of(rendering.path).fingerprint
    found = _opened[0].find(fingerprint, wanted=Wanted(related=True)).matches if fingerprint is not None else ()
    if any(match.verdict != "none" for match in found):
        return COPY
    return RELATED if found else "nothing"


def _name(length_s: int | None) -> str:
    return f"{length_s} s" if length_s else "whole"


def _table(reported: dict[Rendering, bool]) -> list[str]:
    lines = ["| asked | " + " | ".join(map(_name, LENGTHS_S)) + " |", "|---" * (len(LENGTHS_S) + 1) + "|"]
    for kind in KINDS:
        if kind != ORIGINAL:
            parts = [[yes for r, yes in reported.items() if (r.kind, r.length_s) == (kind, s)] for s in LENGTHS_S]
            lines.append(f"| {kind} | " + " | ".join(f"{sum(p)} of {len(p)}" if p else "" for p in parts) + " |")
    return lines


if __name__ == "__main__":
    sys.exit(main())
