"""Tests of the engine."""

import pytest

# It asserts for several modules: a failure shows what differs, as one of theirs would.
pytest.register_assert_rewrite("tests.engine.index_truth")
