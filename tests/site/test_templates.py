"""The templates can be read: no line is too long for an editor, and each can be parsed."""

from pathlib import Path

import pytest
from django.conf import settings
from django.template.loader import get_template

LONGEST_LINE = 160
FOLDER = Path(settings.BASE_DIR) / "templates"
TEMPLATES = sorted(path.relative_to(FOLDER).as_posix() for path in FOLDER.rglob("*.html"))


def test_the_templates_are_found() -> None:
    assert "catalog/track.html" in TEMPLATES


@pytest.mark.parametrize("name", TEMPLATES)
def test_no_line_of_a_template_is_too_long(name: str) -> None:
    lines = (FOLDER / name).read_text(encoding="utf-8").splitlines()
    assert [number for number, line in enumerate(lines, 1) if len(line) > LONGEST_LINE] == []


@pytest.mark.parametrize("name", TEMPLATES)
def test_every_template_can_be_parsed(name: str) -> None:
    get_template(name)
