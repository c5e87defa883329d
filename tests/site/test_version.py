"""One version number: pyproject.toml has it, and everything else reads it there."""

import re
import tomllib

from django.conf import settings
from django.test import Client

from tests.schema import published
from tests.site.test_repository import ROOT

VERSION = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]


def test_schema_and_pages_show_the_version(desk: Client) -> None:
    assert published()["info"]["version"] == VERSION
    assert f"Version {VERSION}" in desk.get("/admin/").content.decode()


def test_who_is_not_logged_in_is_not_told_which_version_runs(db: None) -> None:
    assert VERSION not in Client().get("/admin/login/").content.decode()


def test_no_other_file_names_a_version_of_its_own() -> None:
    sources = [*(ROOT / "fingerprint_site").rglob("*.py"), *(ROOT / "catalog/api").rglob("*.py")]
    assert len(sources) > 20
    assert [
        path for path in sources if re.search(r'(?i)(?<!OAS_)"?\bversion"?\s*[:=]\s*"\d', path.read_text("utf-8"))
    ] == []


def test_changelog_has_the_version_on_top() -> None:
    """Keep-a-Changelog: an open version on top while ``.dev`` is in the number, every other with its date."""
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    headings = re.findall(r"^## \[(\S+)\] - (\S+)$", text, re.MULTILINE)
    released, _, development = VERSION.partition(".dev")
    assert headings[0][0] == released
    assert (headings[0][1] == "Unreleased") == bool(development)
    assert len(headings) == text.count("\n## ")
    for _, date in headings[1:]:
        assert re.fullmatch(r"\d{4}-\d\d-\d\d", date), date
    for section in re.findall(r"^### (.+)$", text, re.MULTILINE):
        assert section in {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}


def test_image_has_the_file_that_names_the_version() -> None:
    assert "!pyproject.toml" in (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    assert "pyproject.toml" in (ROOT / "deploy/Dockerfile").read_text(encoding="utf-8")
    assert settings.VERSION == VERSION
