"""What is checked before a commit: its subject, and the tools that every other check runs too."""

import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.site.test_repository import ROOT

SCRIPT = ROOT / ".ci/commit_subject.py"


def told(message: str, folder: Path) -> str | None:
    """Return what the hook says of a message; None where it lets it pass."""
    path = folder / "COMMIT_EDITMSG"
    path.write_text(message, encoding="utf-8")
    ended = subprocess.run([sys.executable, SCRIPT, path], capture_output=True, text=True, check=False)
    assert (ended.returncode == 0) == (ended.stderr == "")
    return ended.stderr or None


@pytest.mark.parametrize(
    "subject",
    [
        "catalog/tasks: keep a lease over a clock set back",
        "catalog/api, staff: say the types of forms",
        "make check: lint the templates with djlint",
        f"docs: {'x' * 66}",
        "fixup! docs: say it",
        'Revert "docs: say it"',
    ],
)
def test_subjects_that_pass(subject: str, tmp_path: Path) -> None:
    assert told(f"{subject}\n\nWhy, at any length: {'x' * 100}.\n# a comment\n", tmp_path) is None


@pytest.mark.parametrize(
    ("subject", "why"),
    [
        ("Keep a lease over a clock set back", "names no room"),
        ("docs:", "names no room"),
        ("", "names no room"),
        (f"docs: {'x' * 67}", "73 characters"),
        ("docs: say it.", "full stop"),
    ],
)
def test_subjects_that_are_refused(subject: str, why: str, tmp_path: Path) -> None:
    assert why in (told(f"{subject}\n# docs: a comment is no subject\n", tmp_path) or "")


def test_hooks_run_tools_of_the_project_and_fetch_nothing() -> None:
    config = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))
    assert [repository["repo"] for repository in config["repos"]] == ["local"]
    hooks = config["repos"][0]["hooks"]
    assert {hook["id"] for hook in hooks} >= {"ruff", "ruff-format", "djlint", "subject"}
    pinned = (ROOT / "requirements-dev.txt").read_text(encoding="utf-8")
    for hook in hooks:
        program, *arguments = hook["entry"].split()
        tool = program.removeprefix(".venv/bin/")
        assert tool != program, "a tool of the machine's own"
        assert tool == "python" or f"\n{tool}==" in f"\n{pinned}", tool
        if tool == "python":
            assert (ROOT / arguments[0]).is_file(), arguments[0]
