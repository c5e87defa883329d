"""A bench counts CPU seconds of one thread: numpy's second one would spin and count as the engine's work."""

import os
import subprocess
import sys

MEASURED = """
import os
import bench.audio
import numpy as np
ones = np.ones((800, 800), np.float32)
ones @ ones
print(os.environ["OPENBLAS_NUM_THREADS"], len(os.listdir("/proc/self/task")))
"""


def test_a_bench_computes_in_one_thread() -> None:
    environment = {name: value for name, value in os.environ.items() if name != "OPENBLAS_NUM_THREADS"}
    told = subprocess.run(
        [sys.executable, "-c", MEASURED], env=environment, capture_output=True, text=True, check=True
    ).stdout
    assert told.split() == ["1", "1"]
