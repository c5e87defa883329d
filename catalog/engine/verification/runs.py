"""Runs of a condition along a line."""

import numpy as np
from numpy.typing import NDArray


def runs(holds: NDArray[np.bool_]) -> NDArray[np.int64]:
    """(n,) whether it holds → (runs, 2): where each run begins, and where it has ended."""
    return np.flatnonzero(np.diff(np.concatenate([[0], holds.astype(np.int8), [0]]))).reshape(-1, 2)
