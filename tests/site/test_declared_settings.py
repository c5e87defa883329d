"""Every setting is declared once: the code reads what is declared, the checks hold it, the page shows it."""

import re
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.core.checks import run_checks

from catalog.engine.parameters import LONGEST_S
from fingerprint_site.declared import BY_NAME, SECTIONS, DeclaredEnv, Setting, page
from fingerprint_site.declared.setting import Section

ROOT = Path(django_settings.BASE_DIR)
NUMBERS = [setting for setting in BY_NAME.values() if setting.kind in ("int", "float") and setting.least is not None]


def test_no_setting_is_declared_twice() -> None:
    assert len(BY_NAME) == sum(len(section.settings) for section in SECTIONS)


def test_the_settings_read_what_is_declared_and_nothing_else() -> None:
    code = (ROOT / "fingerprint_site/settings.py").read_text(encoding="utf-8")
    assert set(re.findall(r'env\.\w+\(\s*"([A-Z0-9_]+)"', code)) == set(BY_NAME)


def test_the_pages_are_as_the_command_writes_them() -> None:
    for name, text in page.pages().items():
        assert (ROOT / "docs" / name).read_text(encoding="utf-8") == text, "manage.py write_settings_page"


def test_every_number_has_a_range_or_a_default_that_is_worked_out() -> None:
    unbounded = {s.name for s in BY_NAME.values() if s.kind in ("int", "float") and s.least is None}
    assert unbounded == {"HSTS_SECONDS"}


@pytest.mark.parametrize("declared", NUMBERS, ids=lambda declared: declared.name)
def test_a_number_out_of_range_is_named(settings: Any, declared: Setting) -> None:
    assert declared.least is not None
    assert declared.most is not None
    for value in (declared.least - 1, declared.most + 1, float("nan")):
        setattr(settings, declared.name, value)
        (named,) = run_checks(tags=["site"])
        assert (named.id, named.msg.split()[0]) == ("site.E002", declared.name)
    for value in (declared.least, declared.most):
        setattr(settings, declared.name, value)
        assert run_checks(tags=["site"]) == []


def test_a_recording_is_no_longer_than_a_fingerprint_can_hold() -> None:
    assert BY_NAME["MAX_AUDIO_SECONDS"].most == LONGEST_S


def test_the_environment_wins_over_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    env = DeclaredEnv()
    assert env.declared("MAX_UPLOAD_MB") == 50
    monkeypatch.setenv("MAX_UPLOAD_MB", "7")
    monkeypatch.setenv("WEBHOOK_SCHEDULE_SECONDS", "0,60")
    assert env.declared("MAX_UPLOAD_MB") == 7
    assert env.declared("WEBHOOK_SCHEDULE_SECONDS") == [0, 60]


def test_a_row_of_the_page() -> None:
    shown = Section("One", (Setting("A", "float", "what it is", default=0.5, least=0, most=1_000),))
    assert "- `A` (number; `0.5`; 0…1,000): what it is\n" in page.section(shown)
