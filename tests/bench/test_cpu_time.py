"""What the bench counts as CPU time."""

import time
from pathlib import Path

from bench.prints import cpu_s
from catalog.engine.audio.decoding import decode_mono


def test_the_decoders_processes_count(forest: Path) -> None:
    """Their template lives on after the file, and the system counts a child's time when it has ended."""
    before, own = cpu_s(), time.process_time()
    decode_mono(forest, 16_000)
    own_s = time.process_time() - own
    assert cpu_s() - before > own_s + 0.02
