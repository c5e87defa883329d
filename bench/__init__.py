"""Measurements of the engine and the service: ``docs/bench.md``."""

import os

# Before anything loads numpy: its second thread would spin, and those CPU seconds would count as a search's.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
