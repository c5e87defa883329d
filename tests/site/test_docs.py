"""The docs hold themselves to their rules: short pages, lines that fit, links that lead somewhere, names that exist."""

import itertools
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

ROOT = Path(settings.BASE_DIR)
START = ROOT / "README.md"
PAGES = [START, ROOT / "CONTRIBUTING.md", ROOT / "UPGRADING.md", *sorted((ROOT / "docs").rglob("*.md"))]
MOST_WORDS, WIDTH, WIDEST_ROW = 1500, 100, 120
LINK = re.compile(r"!?\[(?:[^\]\[]|\[[^\]]*\])*\]\(([^)\s]+)\)|(?:src|srcset)=\"([^\"]+)\"")
FENCE = re.compile(r"^```.*?^```$", re.DOTALL | re.MULTILINE)


def name(page: Path) -> str:
    """Return a page's path from the root."""
    return page.relative_to(ROOT).as_posix()


def text(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def prose(page: Path) -> str:
    """Return a page without its fenced blocks."""
    return FENCE.sub("", text(page))


def links(page: Path) -> list[str]:
    """Return where a page's links and pictures on this repository lead."""
    found = [first or second for first, second in LINK.findall(prose(page))]
    return [target for target in found if not re.match(r"[a-z]+:", target)]


def anchors(page: Path) -> set[str]:
    """Return the anchors that GitHub gives a page's headings."""
    made: set[str] = set()
    for heading in re.findall(r"^#+ (.+)$", prose(page), re.MULTILINE):
        words = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).lower().strip()
        slug = re.sub(r"[^\w\- ]", "", words).replace(" ", "-")
        numbers = (f"{slug}-{number}" for number in itertools.count(1))
        made.add(next(one for one in itertools.chain([slug], numbers) if one not in made))
    return made


def leads_to(page: Path, link: str) -> tuple[Path, str]:
    """Return the file and the anchor of a link on a page."""
    path, _, anchor = link.partition("#")
    return ((page.parent / path).resolve() if path else page), anchor


def tracked() -> list[str]:
    """Return every file of the repository, new ones that are not committed yet as well."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False).stdout.split()
    if not listed:
        pytest.skip("not a checkout: there is no list of files")
    return [path for path in listed if (ROOT / path).exists()]


def breaks_off(line: str) -> bool:
    """Tell whether a line is too long: a table's row over 120 characters, else what can be broken.

    Pictures and single long words cannot be.
    """
    if line.startswith("|"):
        return len(line) > WIDEST_ROW
    words = line.strip().lstrip("-*0123456789. ").split()
    return len(line) > WIDTH and len(words) > 1 and not line.lstrip().startswith(("<", "!["))


def each() -> Any:
    """Run a test once a page."""
    return pytest.mark.parametrize("doc", PAGES, ids=name)


def test_there_are_pages() -> None:
    assert len(PAGES) > 20


@each()
def test_page_is_short(doc: Path) -> None:
    assert len(text(doc).split()) <= MOST_WORDS


@each()
def test_lines_fit(doc: Path) -> None:
    assert [line for line in text(doc).splitlines() if breaks_off(line)] == []


@each()
def test_page_says_first_who_it_is_for(doc: Path) -> None:
    title, nothing, first, *_ = text(doc).splitlines()
    assert title.startswith("# ")
    assert nothing == ""
    assert first.startswith("For ")


@each()
def test_links_lead_somewhere(doc: Path) -> None:
    for link in links(doc):
        target, anchor = leads_to(doc, link)
        assert target.exists(), link
        assert not anchor or anchor in anchors(target), link


def test_every_page_is_reached_from_the_readme() -> None:
    reached, waiting = {START}, [START]
    while waiting:
        page = waiting.pop()
        found = {leads_to(page, link)[0] for link in links(page)} & set(PAGES)
        waiting += found - reached
        reached |= found
    assert [name(page) for page in PAGES if page not in reached] == []


def dated(page: Path) -> bool:
    """Tell whether a page is of its day: the log may name what was renamed since."""
    return page.parent.name == "log"


@pytest.mark.parametrize("doc", [page for page in PAGES if not dated(page)], ids=name)
def test_files_that_are_named_exist(doc: Path) -> None:
    """A path in backticks is one of the repository's, from the root or from any folder of it."""
    there = [f"/{path}" for path in tracked()]
    for path in set(re.findall(r"`((?:[\w.-]+/)*[\w-]+\.py|(?:[\w.-]+/)+)`", prose(doc))):
        found = any(known.endswith(f"/{path}") or (path.endswith("/") and f"/{path}" in known) for known in there)
        assert found or made_later(path), path


def test_pages_that_the_code_names_exist() -> None:
    sources = [path for path in tracked() if path.endswith((".py", ".html", ".yaml", ".example", "Makefile"))]
    found = {(path, page) for path in sources for page in re.findall(r"docs/[\w/-]+\.md", text(ROOT / path))}
    assert len(found) > 10
    assert [(path, page) for path, page in sorted(found) if not (ROOT / page).exists()] == []


def made_later(path: str) -> bool:
    """Tell whether git ignores a path: what a run makes."""
    return subprocess.run(["git", "check-ignore", "-q", path], cwd=ROOT, check=False).returncode == 0


@pytest.mark.slow
def test_worked_example_of_the_engine_prints_what_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    example, shown = re.findall(
        r"^```(?:python|text)\n(.*?)^```$", text(ROOT / "docs/engine.md"), re.DOTALL | re.MULTILINE
    )
    exec(compile(example, "docs/engine.md", "exec"), {})  # noqa: S102
    assert capsys.readouterr().out == shown
