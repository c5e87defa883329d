"""What the theme's templates lack for people who do not look at the page, on every one of them."""

import re
from pathlib import Path

import pytest
import unfold
from django.template.loader import get_template

from staff import theme

FOLDER = Path(unfold.__file__).parent / "templates"
TEMPLATES = sorted(path for path in FOLDER.rglob("*.html") if "material-symbols-outlined" in path.read_text())
SPOKEN = re.compile(r"<span(?![^<>]*aria-hidden)[^<>]*\bmaterial-symbols-outlined")


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_no_icon_of_the_theme_is_spoken(path: Path) -> None:
    """A screen reader would say the icon's name, as "space_dashboard Overview"."""
    assert not SPOKEN.search(theme.mended(path.read_text()))


@pytest.mark.parametrize("phrase", theme.MENDED)
def test_the_theme_still_has_what_is_mended(phrase: str) -> None:
    """A release that writes it in another way must not undo it in silence."""
    assert any(phrase in path.read_text() for path in FOLDER.rglob("*.html"))


def test_the_theme_has_icons() -> None:
    """The other test is over a list that must not be empty."""
    assert len(TEMPLATES) > 20


def test_templates_are_read_through_it() -> None:
    """The site's setting of loaders names it."""
    assert theme.SKIP_LINK in get_template("unfold/layouts/skeleton.html").template.source
