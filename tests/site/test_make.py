"""What a developer types: `make` lists its own targets."""

import re
import subprocess

from tests.site.test_repository import ROOT


def test_make_lists_every_target_with_what_it_does() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    phony = re.search(r"^\.PHONY:(.*)$", makefile, re.MULTILINE)
    assert phony
    targets = phony[1].split()
    listed = subprocess.run(["make"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    described = dict(re.findall(r"^make (\S+) +(\S.*)$", listed, re.MULTILINE))
    assert sorted(described) == sorted(targets)
    assert "run" in described
