"""From a file to its fingerprint, in one pass while it is decoded."""

import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from catalog.engine.audio.decoding import DecodeLimits, Decoding
from catalog.engine.audio.info import AudioInfo
from catalog.engine.audio.waveform import PeakMeter
from catalog.engine.errors import TooLong, TooShort
from catalog.engine.features.fingerprint import MAX_COLUMNS, Fingerprint
from catalog.engine.features.spectrogram import Floats, SpectrogramBuilder, contrast, quantise
from catalog.engine.parameters import LONGEST_S, PARAMETERS


@dataclass(frozen=True)
class Analysis:
    """One pass over a file: its fingerprint, what the file is, and ``peaks`` for drawing its waveform."""

    fingerprint: Fingerprint
    info: AudioInfo
    peaks: NDArray[np.uint8]  # (n,) 0 … 255: the loudest sample in each of n equal stretches
    decode_s: float = 0.0  # of the pass, seconds spent waiting for decoded samples
    samples_digest: str = ""  # 32 hex digits, the same for the same decoded samples


class Fingerprinter:
    """Makes fingerprints of files. It holds nothing but its limits, so threads may share it."""

    def __init__(self, *, limits: DecodeLimits | None = None) -> None:
        self._limits = limits or DecodeLimits()

    def fingerprint(self, path: str | Path) -> Fingerprint:
        """Decode a file (in a child process with limits) and analyse it. It may raise any ``FingerprintError``."""
        return self.analyse(path).fingerprint

    def analyse(self, path: str | Path, *, progress: Callable[[float], object] | None = None) -> Analysis:
        """The fingerprint, properties and waveform of a file, all from one decoding.

        ``progress`` is called with the seconds of audio that are done. ``FingerprintError`` as above.
        """
        decoding = Decoding(path, PARAMETERS.sample_rate, self._limits)
        builder, meter, digest = SpectrogramBuilder(), PeakMeter(), hashlib.blake2b(digest_size=16)
        frames, decode_s, asked_s = 0, 0.0, time.monotonic()
        for block in decoding:
            decode_s += time.monotonic() - asked_s
            builder.add(block)
            meter.add(block)
            digest.update(block.data)
            frames += len(block)
            if progress:
                progress(frames / PARAMETERS.sample_rate)
            asked_s = time.monotonic()
        assert decoding.info is not None  # noqa: S101  (set once the blocks are through)
        return Analysis(_finish(builder, frames), decoding.info, meter.peaks(), decode_s, digest.hexdigest())

    @staticmethod
    def of_samples(samples: Floats) -> Fingerprint:
        """The fingerprint of (n,) mono float32 samples at ``PARAMETERS.sample_rate`` Hz: for training, tests and bench.

        ``UnreadableAudio`` where a sample, or its power, is no finite number. ``TooShort``, and ``TooLong`` beyond
        ``LONGEST_S``.
        """
        builder = SpectrogramBuilder()
        builder.add(samples)
        return _finish(builder, len(samples))


def _finish(builder: SpectrogramBuilder, frames: int) -> Fingerprint:
    decibels = builder.decibels()
    if len(decibels) < PARAMETERS.patch_columns * PARAMETERS.patch_step:
        raise TooShort("There is too little audio to recognise.")
    if len(decibels) > MAX_COLUMNS:
        raise TooLong(f"The audio is longer than the {LONGEST_S / 3600:g} hours that can be recognised.")
    return Fingerprint(quantise(contrast(decibels)), frames / PARAMETERS.sample_rate)
