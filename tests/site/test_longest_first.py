"""Where processes share the suite, the longest modules begin; what drives a browser counts no lines."""

import pytest

from tests.site.collected import collected

QUICK, SWEEP = "tests/staff/test_theme.py", "tests/site/test_odd_numbers.py"
BROWSER, RUNNING = "tests/browser/test_pages.py", "tests/site/test_waiting_clients.py"
MODULES = (QUICK, BROWSER, SWEEP, RUNNING)

pytestmark = pytest.mark.slow


def test_the_longest_begin() -> None:
    assert collected(*MODULES, PYTEST_XDIST_WORKER="gw0") == [SWEEP, RUNNING, BROWSER, QUICK]


def test_what_drives_a_browser_or_a_site_counts_no_lines() -> None:
    assert set(collected(*MODULES, "-m", "no_cover")) == {BROWSER, RUNNING, SWEEP}
