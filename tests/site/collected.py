"""What a run of pytest would run."""

import os
import subprocess
import sys

from tests.site.test_repository import ROOT


def collected(*arguments: str, **environment: str) -> list[str]:
    """Return the modules of a run with these arguments, in its order."""
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q", "--no-cov", "-p", "no:xdist", *arguments]
    told = subprocess.run(
        command, cwd=ROOT, env=os.environ | environment, capture_output=True, text=True, check=True, timeout=120
    ).stdout
    return list(dict.fromkeys(line.partition("::")[0] for line in told.splitlines() if "::" in line))
