"""`check --deploy` has nothing to say of a site behind a TLS proxy, and something of one that is open or not there."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.site.test_repository import ROOT

pytestmark = pytest.mark.slow
BEHIND_A_PROXY = {"HTTPS": "true", "TRUST_PROXY": "true", "PUBLIC_URL": "https://music.example.org"}


def check(folder: Path, **environment: str) -> "subprocess.CompletedProcess[str]":
    """Run the deployment checks with `environment` alone."""
    return manage(folder, "check", "--deploy", "--fail-level", "WARNING", **environment)


def manage(folder: Path, *arguments: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    """Run a command with `environment` alone."""
    own = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "LANG", "VIRTUAL_ENV")}
    own |= {"DATA_DIR": str(folder), "DJANGO_SETTINGS_MODULE": "fingerprint_site.settings"}
    command = [sys.executable, str(ROOT / "manage.py"), *arguments]
    return subprocess.run(command, env=own | environment, capture_output=True, text=True, timeout=120, check=False)


def test_production_settings_are_clean(tmp_path: Path) -> None:
    ended = check(tmp_path, **BEHIND_A_PROXY)
    assert ended.returncode == 0, ended.stderr


@pytest.mark.parametrize(
    ("environment", "words"),
    [
        ({"DEBUG": "true", "HOST": "0.0.0.0"}, "site.E001"),  # noqa: S104
        ({"HTTPS": "true", "TRUST_PROXY": "true", "HOST": "0.0.0.0"}, "site.W001"),  # noqa: S104
        ({}, "security.W012"),
        (BEHIND_A_PROXY | {"LOGIN_FAILURES": "0"}, "site.E002"),
    ],
)
def test_open_doors_are_named(tmp_path: Path, environment: dict[str, str], words: str) -> None:
    ended = check(tmp_path, **environment)
    assert ended.returncode != 0
    assert words in ended.stderr


def test_command_without_a_site_says_what_is_missing(tmp_path: Path) -> None:
    ended = manage(tmp_path, "create_api_key", "admin")
    assert ended.returncode == 1
    assert "Traceback" not in ended.stderr
    assert "make run" in ended.stderr
    assert "DATA_DIR" in ended.stderr
