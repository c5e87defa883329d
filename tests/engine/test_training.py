"""The training command on real music, from files to a stored projection."""

from pathlib import Path

import numpy as np
import pytest

from catalog.engine.features import model, sketch
from catalog.engine.features.embedding import DIMENSIONS
from catalog.engine.features.model import MOMENT, PLACE
from catalog.engine.features.patches import HALF_ROWS, HALVES
from catalog.engine.index.layout import PATCH_COLUMNS
from catalog.engine.parameters import PARAMETERS
from catalog.engine.training import learn
from catalog.engine.training import pairs as clip_pairs
from catalog.engine.training.pairs import music_files, pairs
from catalog.engine.verification.evidence import BINS
from tests.some import some

pytestmark = pytest.mark.slow
EXCERPTS = Path(__file__).parent.parent / "audio"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three recordings, and a file that is none."""
    folder = tmp_path_factory.mktemp("music")
    for path in sorted(EXCERPTS.glob("*.mp3"))[:3]:
        (folder / path.name).symlink_to(path)
    (folder / "broken.mp3").write_bytes(b"no music")
    return folder


@pytest.fixture(scope="module")
def stored(folder: Path) -> dict[str, np.ndarray]:
    """What the command writes."""
    output = folder / "made" / "projection.npz"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(clip_pairs, "CLIPS_A_TRACK", 2)
        patch.setattr("sys.argv", ["training", str(folder), "--output", str(output)])
        learn.main()
    with np.load(output) as arrays:
        return dict(arrays)


def test_shapes(stored: dict[str, np.ndarray]) -> None:
    assert stored[MOMENT].shape == (HALVES, PARAMETERS.patch_columns * HALF_ROWS, DIMENSIONS)
    assert stored[PLACE].shape == (HALVES, PATCH_COLUMNS * HALF_ROWS, DIMENSIONS)
    assert stored["evidence"].shape == (HALVES, BINS)
    assert all(np.isfinite(values).all() for values in some(stored.values()))


def test_directions_of_sketches(stored: dict[str, np.ndarray]) -> None:
    """Perpendicular, and the deviation along each is that of the music it was learnt from, most first."""
    basis, spread = stored[model.SKETCH_BASIS].astype(np.float32), stored[model.SKETCH_SPREAD]
    assert basis.shape == (sketch.BLOCK_SIZE, sketch.NUMBERS)
    assert np.allclose(basis.T @ basis, np.eye(sketch.NUMBERS), atol=5e-3)
    assert (np.diff(spread) <= 0).all()
    assert spread[-1] > 0.5


def test_a_closer_moment_is_more_evidence(stored: dict[str, np.ndarray]) -> None:
    assert (np.diff(stored["evidence"], axis=1) >= 0).all()
    assert (stored["evidence"][:, 0] < 0).all()
    assert (stored["evidence"][:, -1] > 1).all()


@pytest.mark.parametrize(("kind", "of"), [(MOMENT, learn.moments), (PLACE, learn.places)])
def test_copies_are_nearer_than_strangers(stored: dict[str, np.ndarray], folder: Path, kind: str, of: object) -> None:
    random = np.random.default_rng(1)
    others = list(pairs([path for path in music_files([folder]) if path.name != "broken.mp3"][:1], random))
    found = learn.Moments.joined(of(pair, random) if kind == PLACE else of(pair) for pair in others)  # type: ignore[operator]
    for half in range(HALVES):
        cleans, copies = found.half(half)
        projection = stored[kind][half].astype(np.float32)
        clean, copy = (side @ projection for side in (cleans, copies))
        cosine = (clean / np.linalg.norm(clean, axis=1, keepdims=True)) @ (
            copy / np.linalg.norm(copy, axis=1, keepdims=True)
        ).T
        assert np.diag(cosine).mean() > cosine.mean() + 0.1  # learnt from three recordings only
