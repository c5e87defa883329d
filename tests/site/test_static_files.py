"""Static files are collected once, and again when one has changed."""

import os
import time
from pathlib import Path

import pytest
from pytest_django import Settings

from fingerprint_site.running.static_files import collect_when_changed


@pytest.mark.slow
def test_collected_again_only_when_a_file_has_changed(settings: Settings, tmp_path: Path) -> None:
    sources = tmp_path / "sources"
    sources.mkdir()
    (sources / "one.css").write_text("a {}")
    settings.STATICFILES_DIRS = [sources]
    settings.STATICFILES_FINDERS = ["django.contrib.staticfiles.finders.FileSystemFinder"]
    settings.STATIC_ROOT = tmp_path / "collected"
    assert collect_when_changed()
    assert (settings.STATIC_ROOT / "one.css").read_text() == "a {}"
    assert not collect_when_changed()
    (sources / "one.css").write_text("b { color: red }")
    os.utime(sources / "one.css", (time.time() + 60, time.time() + 60))  # Django compares whole seconds
    assert collect_when_changed()
    assert "red" in (settings.STATIC_ROOT / "one.css").read_text()
