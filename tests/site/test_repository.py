"""The repository holds itself to its own rules."""

import ast
import re
import subprocess
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import TypeGuard

import pytest
from django.conf import settings
from drf_spectacular.generators import SchemaGenerator

from fingerprint_site.declared import BY_NAME
from tests.some import some

ROOT = Path(settings.BASE_DIR)
ENGINE_MAY_IMPORT = {"numpy", "essentia", "faiss", "av", "mutagen", "charset_normalizer", "pymilvus", "grpc", "catalog"}
LEVELS = {"debug", "info", "warning", "error", "exception", "critical"}
APPS = ("catalog", "webhooks", "queueing", "staff", "textsearch", "fingerprint_site")
SOURCES = [path for app in APPS for path in sorted((ROOT / app).rglob("*.py"))]


@cache
def nodes_of(path: Path) -> list[ast.AST]:
    """Return what a file of the code says, parsed once for all tests."""
    return list(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))


@cache
def imported(path: Path) -> frozenset[str]:
    """Return the dotted names of the modules that a file imports."""
    names: set[str] = set()
    for node in nodes_of(path):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return frozenset(names)


def files(folder: str) -> list[Path]:
    """Return the Python files below a folder, migrations left out; or the module of that name."""
    found = [path for path in (ROOT / folder).rglob("*.py") if "migrations" not in path.parts]
    found += [path for path in [ROOT / f"{folder}.py"] if path.exists()]
    assert found, f"{folder} is not there: a wall around it guards nothing"
    return found


def breaches(paths: list[Path], forbidden: str) -> list[str]:
    """Name the imports of `paths` that match."""
    return [
        f"{path.relative_to(ROOT)}: {name}" for path in paths for name in imported(path) if re.match(forbidden, name)
    ]


def test_engine_is_pure() -> None:
    import sys  # noqa: PLC0415

    for path in files("catalog/engine"):
        for name in imported(path):
            top = name.split(".")[0]
            of_the_command = path.stem == "__main__" and top == "tqdm"
            assert of_the_command or top in ENGINE_MAY_IMPORT or top in sys.stdlib_module_names, f"{path}: {name}"
            assert top != "catalog" or name.startswith("catalog.engine"), f"{path}: {name}"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("package", "doors"),
    [
        ("av", {"decoder_process.py", "augmentation.py"}),
        ("mutagen", {"tag_reader.py"}),
        ("charset_normalizer", {"tag_text.py"}),
        ("essentia", {"spectrogram.py"}),
        ("faiss", {"faiss_vectors.py"}),
        ("pymilvus", {"connection.py", "schemas.py"}),
    ],
)
def test_engine_has_one_door_to_each_library(package: str, doors: set[str]) -> None:
    """PyAV has a second one in training, which encodes the project's own music and meets no upload."""
    inside = {path.name for path in files("catalog/engine") if any(n.split(".")[0] == package for n in imported(path))}
    assert inside <= doors
    apps = [path for path in files("catalog") if "engine" not in path.parts] + files("webhooks")
    assert breaches(apps, rf"{package}(\.|$)") == []


# The engine's stages: a stage may import only what stands before it; what stands beside it in one entry is apart.
ENGINE_STAGES = (
    ("errors", "match", "parameters"),
    ("audio",),
    ("features",),
    ("alignment", "index"),
    ("verification",),
    ("search", "training"),
    ("__main__",),
)


def test_engine_stages_import_only_downwards() -> None:
    names = {name for stage in ENGINE_STAGES for name in stage}
    there = {path.stem for path in (ROOT / "catalog/engine").iterdir() if path.suffix == ".py" or path.is_dir()}
    assert there - {"__init__", "__pycache__", "data"} == names
    for number, stage in enumerate(ENGINE_STAGES):
        for name in stage:
            higher = [other for later in ENGINE_STAGES[number:] for other in later if other != name]
            forbidden = (
                rf"catalog\.engine\.({'|'.join(higher)})(\.|$)" if number else r"catalog\.engine\.(?!match|errors)"
            )
            assert breaches(files(f"catalog/engine/{name}"), forbidden) == []


def test_measures_of_the_engine_know_no_limits() -> None:
    measures = ("calibration", "similarity", "timbre", "tempo_stability", "path", "evidence")
    for name in measures:
        assert breaches(files(f"catalog/engine/verification/{name}"), r".*\.(limits|decision)(\.|$)") == []
    assert breaches(files("catalog/engine/alignment"), r".*\.limits(\.|$)") == []


def test_limits_of_the_decision_stand_in_their_table() -> None:
    """A measure's own constants say what is measured; what else stands outside is a bound of the work."""
    measures = {"calibration", "similarity", "timbre", "tempo_stability", "path", "evidence", "distinctiveness"}
    work = {("edits", "MOST_PAIRS")}
    found = set()
    for path in some((ROOT / "catalog/engine/verification").glob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        assigned = [node for node in tree.body if isinstance(node, ast.Assign | ast.AnnAssign)]
        numbers = [node for node in assigned if any(isinstance(one, ast.Constant) for one in ast.walk(node))]
        found |= {(path.stem, name.id) for node in numbers for name in ast.walk(node) if _is_set(name)}
    assert any(stem in measures for stem, _ in found), "constants are found"
    assert {(stem, name) for stem, name in found if stem not in measures} == work


def _is_set(node: ast.AST) -> TypeGuard[ast.Name]:
    return isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)


def test_webhooks_knows_nothing_of_the_catalog() -> None:
    assert breaches(files("webhooks"), r"catalog(\.|$)") == []


def test_queueing_imports_no_other_app() -> None:
    """Its tables in the admin alone have the look that all staff pages share."""
    pages = ROOT / "queueing/admin.py"
    rest = [path for path in files("queueing") if path != pages]
    assert breaches(rest, r"(catalog|webhooks|staff|textsearch|fingerprint_site)(\.|$)") == []
    assert breaches([pages], r"(catalog|webhooks|textsearch|fingerprint_site)(\.|$)") == []


def test_staff_knows_no_other_app() -> None:
    assert files("staff")
    assert breaches(files("staff"), r"(catalog|webhooks|queueing|fingerprint_site)(\.|$)") == []


def test_textsearch_knows_no_other_app() -> None:
    assert breaches(files("textsearch"), r"(catalog|webhooks|queueing|staff|fingerprint_site)(\.|$)") == []


def test_no_app_imports_the_site() -> None:
    assert breaches(files("catalog") + files("staff") + files("webhooks"), r"fingerprint_site(\.|$)") == []


def test_catalog_reaches_webhooks_through_its_services_and_the_contract() -> None:
    assert breaches(files("catalog"), r"webhooks\.(?!services|contract)") == []


def test_the_contract_is_written_in_one_file() -> None:
    names = re.compile(r"add_audio_in_index|check_is_same|url_verification")
    places = [path for path in SOURCES if "migrations" not in path.parts and names.search(path.read_text("utf-8"))]
    assert places == [ROOT / "webhooks/contract.py"]


@pytest.mark.parametrize("app", ["catalog", "webhooks"])
def test_layers_point_downwards(app: str) -> None:
    upper = rf"{app}\.(admin|api|pages|tasks|management)(\.|$)"
    assert breaches(files(f"{app}/services") + files(f"{app}/selectors") + files(f"{app}/models"), upper) == []
    assert breaches(files(f"{app}/models"), rf"{app}\.(services|selectors)(\.|$)") == []


def test_every_setting_from_the_environment_is_in_the_example() -> None:
    example = (ROOT / ".env.example").read_text(encoding="utf-8")
    assert BY_NAME
    assert [name for name in sorted(BY_NAME) if name not in example] == []


def test_requirements_are_pinned_with_a_reason() -> None:
    for name in sorted(path.name for path in ROOT.glob("requirements*.txt")):
        for line in (ROOT / name).read_text(encoding="utf-8").splitlines():
            if line and not line.startswith(("#", "-r")):
                assert re.match(r"^[\w.\[\]-]+==\S+\s+# \S", line), line


@pytest.mark.parametrize("name", ["requirements", "requirements-dev"])
def test_lock_holds_every_pin_with_hashes(name: str) -> None:
    """A pin that was changed without `make lock` is found here, before somebody's `make run` installs the old one."""
    locked = (ROOT / f"{name}.lock").read_text(encoding="utf-8")
    for line in (ROOT / f"{name}.txt").read_text(encoding="utf-8").splitlines():
        pin = re.match(r"([\w.-]+)(?:\[[^]]*\])?==(\S+)", line)
        if pin:
            plain = re.sub(r"[._-]+", "-", pin[1]).lower()
            assert re.search(rf"^{plain}(\[[^]]*\])?=={re.escape(pin[2])}[ \\]", locked, re.MULTILINE), line
    assert locked.count("==") <= locked.count(" \\\n    --hash=sha256:")


def test_nothing_is_hung_on_a_request_but_its_call() -> None:
    """What one part tells another by way of the request has a type: `request.call`. (`_stream` is Django's own.)"""
    hung = re.compile(r"\b(?:_?request|inner)\.(?!call\b|_stream\b)\w+(?::[^=\n]+)? = |setattr\((?:self\.)?_?request\b")
    found = {str(path.relative_to(ROOT)) for path in SOURCES if hung.search(path.read_text("utf-8"))}
    assert found == set()


OF_THE_CODE = re.compile(
    r"(?<![\w/.-])(?:catalog|webhooks|queueing|staff|textsearch|fingerprint_site)(?:/[a-z_]+|(?:\.[a-z_]+){1,})"
    r"|\b(?!manage\.py)[a-z_]+\.py\b"
)
SPOKEN_NAMES = {"catalog.engine", "webhooks.endpoint.rotate_secret"}  # a command, and an act of the audit trail


def spoken(path: Path) -> list[str]:
    """Return the texts of a file that hold more than one word and are no docstring: what people may read."""
    docstrings = {id(node.value) for node in nodes_of(path) if isinstance(node, ast.Expr)}
    texts = (node for node in nodes_of(path) if isinstance(node, ast.Constant) and id(node) not in docstrings)
    return [text.value for text in texts if isinstance(text.value, str) and " " in text.value]


@pytest.mark.slow
def test_what_people_read_names_no_file_of_the_code() -> None:
    """In pages, errors, helps of commands and the schema of the API; a command that they can run is named."""
    texts = {str(path): spoken(path) for path in some(SOURCES) if "migrations" not in path.parts}
    templates = some((ROOT / "templates").rglob("*.html"))
    words = re.compile(r"{[%#].*?[%#]}|{{.*?}}|{% comment %}.*?{% endcomment %}", re.DOTALL)
    texts |= {str(path): [words.sub("", path.read_text(encoding="utf-8"))] for path in templates}
    texts["schema"] = [str(SchemaGenerator().get_schema(request=None, public=True))]
    found = {
        (path, name) for path, some_texts in texts.items() for text in some_texts for name in OF_THE_CODE.findall(text)
    }
    assert {(path, name) for path, name in found if name not in SPOKEN_NAMES} == set()


def test_no_print_in_the_service() -> None:
    """What a person runs by `python -m` speaks to that person."""
    for path in some(path for path in SOURCES if path.stem != "__main__"):
        calls = (node for node in nodes_of(path) if isinstance(node, ast.Call))
        names = [call.func.id for call in calls if isinstance(call.func, ast.Name)]
        assert "print" not in names, path


def checks_of_nothing(nodes: Iterable[ast.AST]) -> list[int]:
    """Return the lines that assert `all(...)` or `not any(...)` over what may be empty: anything but `some(...)`."""
    lines = []
    for node in (node.test for node in nodes if isinstance(node, ast.Assert)):
        call = node.operand if isinstance(node, ast.UnaryOp) else node
        wanted = "any" if isinstance(node, ast.UnaryOp) else "all"
        if not (isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == wanted):
            continue
        over = call.args[0].generators[0].iter if isinstance(call.args[0], ast.GeneratorExp | ast.ListComp) else None
        if isinstance(over, ast.Call) and ast.unparse(over.func) == "enumerate":
            over = over.args[0]
        if not (isinstance(over, ast.Call) and ast.unparse(over.func) == "some"):
            lines.append(call.lineno)
    return lines


@pytest.mark.slow
def test_no_test_checks_all_of_nothing() -> None:
    tests = some((ROOT / "tests").rglob("test_*.py"))
    with_checks = some(path for path in tests if re.search(r"\b(all|any)\(", path.read_text(encoding="utf-8")))
    assert {str(path): lines for path in with_checks if (lines := checks_of_nothing(nodes_of(path)))} == {}
    assert checks_of_nothing(ast.walk(ast.parse("assert not any(one for one in found)"))) == [1]


def test_migrations_are_named() -> None:
    names = [path.name for path in ROOT.glob("*/migrations/0*.py")]
    assert names
    assert [name for name in names if "_auto_" in name] == []


def logged_events() -> list[tuple[str, str]]:
    """Return file and name of every event that a service writes; the engine, which knows no structlog, is left out."""
    found = []
    for path in SOURCES:
        for node in nodes_of(path):
            is_call = isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args
            if "engine" in path.relative_to(ROOT).parts or not is_call or node.func.attr not in LEVELS:
                continue
            if getattr(node.func.value, "id", "") in ("log", "logger") and isinstance(node.args[0], ast.Constant):
                found.append((str(path.relative_to(ROOT)), str(node.args[0].value)))
    return found


def test_log_events_say_what_happened_to_what() -> None:
    """A noun and a past participle: `job_accepted`, `lease_renewal_failed`."""
    events = logged_events()
    assert len(events) > 40
    assert [event for event in events if not re.fullmatch(r"[a-z]+(_[a-z]+)*_([a-z]+ed|lost|undone)", event[1])] == []


def test_the_demo_imports_the_listed_recordings_alone() -> None:
    """The demo takes the whole folder into its catalog: a file that only a test needs belongs elsewhere."""
    folder = ROOT / "tests/audio"
    listed = {path.name for path in folder.iterdir() if path.suffix in {".mp3", ".ogg"}}
    there = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert listed
    assert there == listed | {"SOURCES.md", "sources.json"}


def test_the_repository_has_no_links() -> None:
    """A link to a folder of one machine was committed once: a rule for folders does not ignore a link."""
    command = ["git", "ls-files", "--stage"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False).stdout.splitlines()
    if not listed:
        pytest.skip("not a checkout: there is no list of files")
    assert [line for line in listed if line.startswith("120000")] == []
