"""From music to pairs of a clip and an altered copy, from which the projections are learnt."""

import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from catalog.engine.audio.decoding import decode_mono
from catalog.engine.errors import FingerprintError
from catalog.engine.features.fingerprinter import Fingerprinter
from catalog.engine.features.spectrogram import Floats
from catalog.engine.parameters import PARAMETERS
from catalog.engine.training import augmentation as audio

log = logging.getLogger(__name__)
CLIP_S = 20.0
CLIPS_A_TRACK = 3
COPIES_A_CLIP = 2
SPEED_SPREAD = 0.02  # a probe may be this far from the copy's true speed


@dataclass(frozen=True)
class Pair:
    """The stored levels (columns, rows) of one clip and of its copy, and how the copy lies on the clip.

    The copy plays at time t what the clip plays at ``speed`` x t plus ``lead_columns`` hops. ``track``: the file's
    number.
    """

    clean: NDArray[np.uint8]
    copy: NDArray[np.uint8]
    speed: float
    lead_columns: float
    track: int


def music_files(folders: Iterable[Path]) -> list[Path]:
    """All Ogg, Opus, MP3 and FLAC files under the folders, sorted by path."""
    return sorted(
        path for folder in folders for path in folder.rglob("*") if path.suffix in {".ogg", ".mp3", ".opus", ".flac"}
    )


def clips(path: Path, random: np.random.Generator) -> list[Floats]:
    """Up to ``CLIPS_A_TRACK`` clips of ``CLIP_S`` that are not silent; none of a file that cannot be decoded."""
    try:
        # Both channels as they are: so they were when the stored projection was learnt, and one file would change it.
        samples = decode_mono(path, PARAMETERS.sample_rate, turn_over=False)
    except FingerprintError as error:  # said, as everything that is drawn after it changes
        log.warning("left out: %s (%s)", path, error)
        return []
    size = int(CLIP_S * PARAMETERS.sample_rate)
    last = len(samples) - size
    if last <= 0:
        return []
    starts = random.integers(0, last, CLIPS_A_TRACK)
    found = [samples[start : start + size] for start in starts]
    return [clip for clip in found if np.abs(clip).max() > 0.01]


def pairs(paths: list[Path], random: np.random.Generator) -> Iterator[Pair]:
    """The pairs of all files. The other music that is mixed in comes from an earlier clip."""
    other = None
    for track, path in enumerate(paths):
        for clip in clips(path, random):
            other = clip if other is None else other
            for _ in range(COPIES_A_CLIP):
                yield _pair(clip, other, track, random)
            other = clip if random.random() < 0.5 else other


def _pair(clip: Floats, other: Floats, track: int, random: np.random.Generator) -> Pair:
    speed = 1.0 + random.uniform(-SPEED_SPREAD, SPEED_SPREAD)
    lead = random.uniform(0, PARAMETERS.hop_samples)
    copy = audio.resampled(audio.altered(clip, other, random), speed, lead)
    return Pair(
        clean=Fingerprinter.of_samples(clip).levels,
        copy=Fingerprinter.of_samples(copy).levels,
        speed=speed,
        lead_columns=lead / PARAMETERS.hop_samples,
        track=track,
    )
