"""The shell commands of README and of the pages for users, run as a reader would: top to bottom, in one shell.

Only the address, the key and the reader's home are filled in. A block that cannot run says so in the comment above it.
"""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.conf import settings

from tests.site.running import RunningSite
from tests.webhooks.receiver import Receiver

pytestmark = pytest.mark.cluster
ROOT = Path(settings.BASE_DIR)
PAGES = (
    *("README.md", "docs/api.md", "docs/api-catalog.md", "docs/callbacks.md"),
    *("docs/reviewing.md", "docs/uploads.md"),
)
BLOCK = re.compile(r"^(?:<!-- not run: (?P<reason>[^\n]+) -->\n)?```sh\n(?P<code>.*?)^```$", re.DOTALL | re.MULTILINE)
ASKS_FOR_RESULT = "/task/result/"
DONE = "all of it ran"
TRIES = 60


def blocks(page: str) -> list[re.Match[str]]:
    """Return the shell blocks of a page."""
    return list(BLOCK.finditer((ROOT / page).read_text(encoding="utf-8")))


def script(page: str) -> str:
    """Return what a page has its reader type; a question for a result is asked until the task has ended."""
    return "\n".join(_until_ended(block["code"]) for block in blocks(page) if not block["reason"])


def _until_ended(code: str) -> str:
    if ASKS_FOR_RESULT not in code:
        return code
    return f"""for try in $(seq {TRIES}); do
    result=$({code})
    case $result in *pending*|*processing*) sleep 1;; *) break;; esac
done
echo "$result"
"""


def run(page: str, site: RunningSite, folder: Path, *, at: Path = ROOT) -> "subprocess.CompletedProcess[str]":
    """Run a page's commands in the folder `at`, with a key of their own and a home that has one song."""
    if shutil.which("curl") is None:
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)("curl is missing: apt-get install curl")
    key = site.manage("create_api_key", "demo", "--per-minute", "1000").stdout.splitlines()[-1]
    code = script(page).replace("http://127.0.0.1:8000", site.url).replace("/tmp/", f"{folder}/")  # noqa: S108
    code, filled = re.subn(r"^export KEY=\S+$", f"export KEY={key}", code, flags=re.MULTILINE)
    assert filled == 1
    song = folder / "Music" / "song.mp3"
    song.parent.mkdir()
    shutil.copy(ROOT / "tests/audio/forest-dance.mp3", song)
    return subprocess.run(
        ["bash", "-euo", "pipefail", "-c", f"{code}\necho {DONE}"],
        cwd=at,
        env=site.environment | {"HOME": str(folder)},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def test_every_block_of_shell_commands_is_found() -> None:
    """None has another name for its language, or is indented so that it would be left out."""
    for page in PAGES:
        text = (ROOT / page).read_text(encoding="utf-8")
        fenced = re.findall(r"^\s*```(?:sh|bash|shell|console)\b", text, re.MULTILINE)
        assert len(fenced) == len(blocks(page)), page


def test_every_page_for_users_is_run() -> None:
    """The pages that README lists for them; callbacks.md and uploads.md have tests of their own."""
    listed = (ROOT / "README.md").read_text(encoding="utf-8").split("\nFor users:\n")[1].split("\n\n")[0]
    pages = re.findall(r"\((docs/[\w-]+\.md)\)", listed)
    assert len(pages) > 6
    assert {page for page in pages if blocks(page)} <= set(PAGES)


def test_make_targets_exist() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    code = "".join(block["code"] for page in PAGES for block in blocks(page))
    named = set(re.findall(r"^make (\w+)", code, re.MULTILINE))
    assert named == {"run", "test"}
    assert [name for name in named if not re.search(rf"^{name}:", makefile, re.MULTILINE)] == []


@pytest.fixture(scope="module")
def site(
    tmp_path_factory: pytest.TempPathFactory, migrated_database: Callable[[Path], str | None]
) -> Iterator[RunningSite]:
    """A new site: what others have added would be found as well."""
    folder = tmp_path_factory.mktemp("site") / "data"
    running = RunningSite(folder, database_url=migrated_database(folder))
    running.start()
    yield running
    running.stop()


@pytest.fixture(scope="module")
def first_duplicate(site: RunningSite, tmp_path_factory: pytest.TempPathFactory) -> "subprocess.CompletedProcess[str]":
    """Run what README has its reader type."""
    return run("README.md", site, tmp_path_factory.mktemp("readme"))


@pytest.fixture(autouse=True)
def _readme_first(first_duplicate: object) -> None:
    """The commands of other pages add the same song, and the answer would be theirs."""


def test_readme_finds_the_first_duplicate(first_duplicate: "subprocess.CompletedProcess[str]") -> None:
    ran = first_duplicate
    assert ran.returncode == 0, ran.stderr
    assert DONE in ran.stdout
    assert '"is_duplicate": true' in ran.stdout
    assert '"matched_musicname": "forest-dance"' in ran.stdout
    assert "song" in ran.stdout


def test_calls_of_the_catalog_page(site: RunningSite, tmp_path: Path) -> None:
    shutil.copy(ROOT / "tests/audio/forest-dance.mp3", tmp_path / "song.mp3")
    ran = run("docs/api-catalog.md", site, tmp_path, at=tmp_path)
    assert ran.returncode == 0, ran.stderr
    assert '"detail"' not in ran.stdout  # no call was refused
    for part in (
        '"tasks": [',
        '"next_after": ',
        '"matches": [',
        '"next_cursor": ',
        '"isrc": "DEA123400001"',
        '"use": [',
    ):
        assert part in ran.stdout, part
    assert '"was_indexed": true' in ran.stdout
    assert DONE in ran.stdout


def test_the_command_of_the_page_on_callbacks(site: RunningSite, receiver: Receiver) -> None:
    code = script("docs/callbacks.md").replace("USERNAME", "demo").replace("https://label.example/hook", receiver.url)
    environment = site.environment | {"WEBHOOK_ALLOWED_PRIVATE_HOSTS": receiver.host}
    ran = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", code], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stderr
    assert "whsec_" in ran.stdout
    assert [request.json["type"] for request in receiver.requests] == ["url_verification"]


def test_the_example_of_the_readme_finds_the_song(tmp_path: Path) -> None:
    (code,) = re.findall(r"^```python\n(.*?)^```$", (ROOT / "README.md").read_text("utf-8"), re.DOTALL | re.MULTILINE)
    shutil.copy(ROOT / "tests/audio/forest-dance.mp3", tmp_path / "song.mp3")
    ran = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env=os.environ | {"PYTHONPATH": str(ROOT)}, capture_output=True,
        text=True, check=False,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.startswith("1 True ")


@pytest.mark.parametrize(
    ("language", "command", "name"),
    [("python", [sys.executable], "client.py"), ("javascript", ["node"], "client.mjs")],
)
def test_clients_do_the_whole_round(
    site: RunningSite, tmp_path: Path, language: str, command: list[str], name: str
) -> None:
    if shutil.which(command[0]) is None:
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)("node is missing: apt-get install nodejs")
    (code,) = re.findall(
        rf"^```{language}\n(.*?)^```$", (ROOT / "docs/api-clients.md").read_text("utf-8"), re.DOTALL | re.MULTILINE
    )
    (tmp_path / name).write_text(code, encoding="utf-8")
    shutil.copy(ROOT / "tests/audio/forest-dance.mp3", tmp_path / "song.mp3")
    key = site.manage("create_api_key", "demo", "--per-minute", "1000").stdout.splitlines()[-1]
    ran = subprocess.run(
        [*command, name], cwd=tmp_path, env=os.environ | {"BASE": site.url, "KEY": key}, capture_output=True, text=True,
        timeout=120, check=False,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    ended = {line.split()[0]: line.split()[1] for line in ran.stdout.splitlines() if line.startswith(("add", "check"))}
    assert ended == {"add_audio_in_index": "success", "check_is_same": "success"}
    assert "forest-dance" in ran.stdout
    assert re.search(r"^[1-9]\d* found$", ran.stdout, re.MULTILINE)


def test_session_of_the_api_page(site: RunningSite, tmp_path: Path) -> None:
    shutil.copy(ROOT / "tests/audio/forest-dance.mp3", tmp_path / "song.mp3")
    ran = run("docs/api.md", site, tmp_path, at=tmp_path)
    assert ran.returncode == 0, ran.stderr
    assert '"matched_musicname": "forest-dance"' in ran.stdout
    assert '"taskId": "task_' in ran.stdout
    assert DONE in ran.stdout
