"""Learn the stored model from folders of music.

Linear discriminant analysis (Fisher, 1936; for audio fingerprints: Burges, Platt and Jana, 2003): the directions
in which different moments differ most, measured against how much one moment differs from its own altered copies.
Seeded: the same files give the same projection.
"""

import argparse
import logging
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from catalog.engine.features import model, sketch
from catalog.engine.features.embedding import DIMENSIONS, normalise
from catalog.engine.features.model import MOMENT, PLACE
from catalog.engine.features.patches import HALVES, cut, move_rows
from catalog.engine.features.spectrogram import Floats, dequantise
from catalog.engine.features.whitening import whitened
from catalog.engine.index.layout import PATCH_COLUMNS, REFERENCE_STEP
from catalog.engine.parameters import PARAMETERS
from catalog.engine.training.pairs import Pair, music_files, pairs
from catalog.engine.verification import evidence

log = logging.getLogger(__name__)

SEED = 20261122
RIDGE = 0.02  # of the mean variance, added to the within-pair covariance
STRANGERS = 10  # other moments that each moment is compared with
PLACE_STEP = 6.0  # columns between the moments taken from a clip
SKETCH_STEP = 4  # columns between the blocks taken from a clip
PITCH_SPREAD, TEMPO_SPREAD = 0.4, 0.03  # semitones and share by which a probe may miss, for the index's vectors


def moments(pair: Pair) -> tuple[Floats, Floats, np.ndarray]:
    """The same moments of clip and copy as unit patches (n, HALVES, PATCH_SIZE), and which are heard in both."""
    clean, copy = (move_rows(dequantise(levels), 0.0) for levels in (pair.clean, pair.copy))
    places, original = _same_moments(pair)
    copies, copy_heard = normalise(cut(copy, places))
    cleans, clean_heard = normalise(cut(clean, original))
    return cleans, copies, copy_heard & clean_heard


def places(pair: Pair, random: np.random.Generator) -> tuple[Floats, Floats, np.ndarray]:
    """The same as the index meets them: up to half a position apart, and between two probes in tempo and pitch.

    Patches have ``PATCH_COLUMNS`` columns.
    """
    pitch, tempo = random.uniform(-PITCH_SPREAD, PITCH_SPREAD), 1 + random.uniform(-TEMPO_SPREAD, TEMPO_SPREAD)
    clean, copy = move_rows(dequantise(pair.clean), 0.0), move_rows(dequantise(pair.copy), pitch)
    at, original = _same_moments(pair)
    apart = random.uniform(-REFERENCE_STEP / 2, REFERENCE_STEP / 2, len(at)).astype(np.float32)
    copies, copy_heard = normalise(cut(copy, at, tempo, PATCH_COLUMNS))
    cleans, clean_heard = normalise(cut(clean, original + apart, columns=PATCH_COLUMNS))
    return cleans, copies, copy_heard & clean_heard


def _same_moments(pair: Pair) -> tuple[Floats, Floats]:
    """Columns of the copy, and the columns of the clip that show the same."""
    half = PARAMETERS.frame_samples / PARAMETERS.hop_samples / 2
    at = np.arange(12, len(pair.copy) - 12, PLACE_STEP, dtype=np.float32)
    original = ((at + half) * pair.speed + pair.lead_columns - half).astype(np.float32)
    inside = original < len(pair.clean) - 12
    return at[inside], original[inside]


def discriminant(cleans: Floats, copies: Floats) -> Floats:
    """The (size, DIMENSIONS) projection by linear discriminant analysis (Fisher, 1936).

    ``cleans`` and ``copies`` (n, size): unit patches, and the same moments in altered copies.
    """
    difference = (copies - cleans).astype(np.float64)
    within = difference.T @ difference / len(difference)
    centred = (cleans - cleans.mean(axis=0)).astype(np.float64)
    between = centred.T @ centred / len(centred)
    within += np.eye(len(within)) * RIDGE * np.trace(within) / len(within)
    values, vectors = np.linalg.eigh(within)
    whiten = vectors / np.sqrt(values)
    spread, directions = np.linalg.eigh(whiten.T @ between @ whiten)
    best = np.argsort(spread)[::-1][:DIMENSIONS]
    # Each direction weighted by its reliability, so that a sum of products is close to a likelihood ratio.
    weight = np.sqrt(np.maximum(spread[best] - 0.5, 0.05) / spread[best])
    matrix: Floats = (whiten @ directions[:, best] * weight).astype(np.float32)
    return matrix


@dataclass(frozen=True)
class Moments:
    """All moments of a training run: unit patches (n, HALVES, size) of clips and of their copies.

    ``heard`` (n, HALVES): which of them say anything in both.
    """

    cleans: Floats
    copies: Floats
    heard: NDArray[np.bool_]

    @classmethod
    def joined(cls, parts: Iterable[tuple[Floats, Floats, np.ndarray]]) -> "Moments":
        """The moments of all pairs together, as ``moments`` or ``places`` gives them for each."""
        return cls(*(np.concatenate(column) for column in zip(*parts, strict=True)))

    def half(self, half: int) -> tuple[Floats, Floats]:
        """The heard moments of one half: (n, size) patches of clips, and of copies."""
        heard = self.heard[:, half]
        return self.cleans[heard, half], self.copies[heard, half]


def learn(examples: Moments) -> Floats:
    """The projections of both halves, (HALVES, size, DIMENSIONS)."""
    return np.stack([discriminant(*examples.half(half)) for half in range(HALVES)])


def weigh(examples: Moments, projection: Floats, random: np.random.Generator) -> Floats:
    """The (HALVES, BINS) table of ``evidence``, from cosines of the same moments and of moments drawn at random."""
    same, different = [], []
    for half in range(HALVES):
        cleans, copies = (_unit(side @ projection[half]) for side in examples.half(half))
        same.append((cleans * copies).sum(axis=1))
        shuffled = [cleans[random.permutation(len(cleans))] for _ in range(STRANGERS)]
        different.append(np.concatenate([(side * copies).sum(axis=1) for side in shuffled]))
    return evidence.measure(same, different)


def principal_directions(clips: Iterable[NDArray[np.uint8]]) -> tuple[Floats, Floats]:
    """The principal directions (Pearson, 1901) of whitened blocks, and the standard deviation along each.

    ``clips``: (columns, rows) stored levels each. Shapes are (BLOCK_SIZE, NUMBERS) and (NUMBERS,).
    """
    total, count = np.zeros((sketch.BLOCK_SIZE, sketch.BLOCK_SIZE)), 0
    for levels in clips:
        white = whitened(move_rows(dequantise(levels), 0.0))
        blocks = sketch.blocks_of(white, SKETCH_STEP).astype(np.float64)
        total += blocks.T @ blocks
        count += len(blocks)
    power, directions = np.linalg.eigh(total / max(count, 1))
    most = np.argsort(power)[::-1][: sketch.NUMBERS]
    return directions[:, most].astype(np.float32), np.sqrt(power[most]).astype(np.float32)


def _unit(values: Floats) -> Floats:
    lengths: Floats = values / np.linalg.norm(values, axis=1, keepdims=True)
    return lengths


def main() -> None:
    """Run the command: learn the model, and write it to a file. Progress goes to the log."""
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--output", type=Path, default=model.FILE)
    arguments = parser.parse_args()
    files = music_files(arguments.folders)
    log.info("%d files", len(files))
    examples = list(pairs(files, np.random.default_rng(SEED)))
    same = Moments.joined(map(moments, examples))
    log.info("%d moments", len(same.cleans))
    learnt = {MOMENT: learn(same)}
    table = weigh(same, learnt[MOMENT], np.random.default_rng(SEED))
    del same
    random = np.random.default_rng(SEED)
    learnt[PLACE] = learn(Moments.joined(places(pair, random) for pair in examples))
    directions, spread = principal_directions(pair.clean for pair in examples)
    arguments.output.parent.mkdir(parents=True, exist_ok=True)
    stored: dict[str, Any] = {kind: matrix.astype(np.float16) for kind, matrix in learnt.items()}
    stored |= {model.EVIDENCE: table, model.SKETCH_BASIS: directions.astype(np.float16), model.SKETCH_SPREAD: spread}
    np.savez_compressed(arguments.output, **stored)
