"""``python -m catalog.engine.training FOLDER...``: learn the projection from folders of music, and store it.

Linear discriminant analysis (Fisher, 1936; used for audio fingerprints by Burges, Platt and Jana, 2003): the directions
in which different moments differ most, measured against how much one moment differs from its own altered copies.
Seeded: the same files give the same projection.
"""

import argparse
import logging
from pathlib import Path

import numpy as np

from catalog.engine.embedding import DATA, DIMENSIONS, normalise
from catalog.engine.params import PARAMETERS
from catalog.engine.patches import HALVES, PATCH_SIZE, cut, move_rows
from catalog.engine.spectrogram import Floats, dequantise
from catalog.engine.training_pairs import Pair, music_files, pairs

log = logging.getLogger(__name__)

SEED = 20261122
RIDGE = 0.02  # of the mean variance, added to the within-pair covariance
PLACE_STEP = 6.0  # columns between the moments taken from a clip


def moments(pair: Pair) -> tuple[Floats, Floats, np.ndarray]:
    """The same moments of clip and copy as unit patches (n, HALVES, PATCH_SIZE), and which of them are heard in both."""
    clean, copy = (move_rows(dequantise(levels), 0.0) for levels in (pair.clean, pair.copy))
    half = PARAMETERS.frame_samples / PARAMETERS.hop_samples / 2
    places = np.arange(12, len(copy) - 12, PLACE_STEP, dtype=np.float32)
    original = (places + half) * pair.speed + pair.lead_columns - half
    inside = original < len(clean) - 12
    copies, copy_heard = normalise(cut(copy, places[inside]))
    cleans, clean_heard = normalise(cut(clean, original[inside].astype(np.float32)))
    return cleans, copies, copy_heard & clean_heard


def discriminant(cleans: Floats, copies: Floats) -> Floats:
    """(size, DIMENSIONS) projection from (n, size) patches and the same moments in altered copies."""
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


def learn(examples: list[Pair]) -> Floats:
    """(HALVES, PATCH_SIZE, DIMENSIONS)."""
    parts = [moments(pair) for pair in examples]
    cleans, copies, heard = (np.concatenate([part[i] for part in parts]) for i in range(3))
    log.info("%d moments of %d pairs", len(cleans), len(examples))
    assert cleans.shape[2] == PATCH_SIZE  # noqa: S101
    return np.stack([discriminant(cleans[heard[:, h], h], copies[heard[:, h], h]) for h in range(HALVES)])


def main() -> None:
    """Learn and store; prints progress through the log."""
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--output", type=Path, default=DATA)
    arguments = parser.parse_args()
    files = music_files(arguments.folders)
    log.info("%d files", len(files))
    examples = list(pairs(files, np.random.default_rng(SEED)))
    arguments.output.parent.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(arguments.output, projection=learn(examples).astype(np.float16))


if __name__ == "__main__":
    main()
