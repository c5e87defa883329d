"""The drawings of docs/architecture.md are true: the states of tasks and callbacks, and who imports whom."""

import re
from pathlib import Path

import pytest

from catalog.models import Job
from tests.site.test_repository import ROOT, SOURCES, imported
from tests.some import some
from webhooks.models import Message

PAGE = ROOT / "docs" / "architecture.md"
Arrows = dict[str, set[str]]


def drawing(kind: str, title: str) -> str:
    """Return the one drawing of a kind under a title."""
    below = PAGE.read_text(encoding="utf-8").split(f"\n## {title}\n", 1)[1].split("\n## ")[0]
    (found,) = re.findall(rf"^```mermaid\n{kind}(.*?)^```$", below, re.DOTALL | re.MULTILINE)
    return str(found)


def states(title: str) -> set[str]:
    """Return the states between which a drawing's arrows lead."""
    return {
        state for pair in re.findall(r"(\S+) --> (\w+|\[\*\])", drawing("stateDiagram-v2", title)) for state in pair
    }


def rooms() -> dict[str, str]:
    """Return the path of each room by its short name in the drawing."""
    found = dict(re.findall(r'(\w+)\["([\w/.]+)"\]', drawing("flowchart TD", "Who may import whom")))
    assert len(found) > 10
    assert all((ROOT / path).exists() for path in some(found.values()))
    return {short: path.removesuffix(".py") for short, path in found.items()}


def arrows() -> Arrows:
    """Return where each room's arrows lead, directly."""
    plain = re.sub(r"\[.*?\]", "", drawing("flowchart TD", "Who may import whom"))
    known, drawn = rooms(), re.findall(r"(\w+) --> (\w+)", plain)
    found: Arrows = {path: set() for path in known.values()}
    for start, end in drawn:
        found[known[start]].add(known[end])
    return found


def reached(start: str, drawn: Arrows) -> set[str]:
    """Return every room that a room's arrows lead to, directly or further on."""
    found: set[str] = set()
    waiting = [start]
    while waiting:
        new = drawn[waiting.pop()] - found
        found |= new
        waiting += new
    return found


def room_of(path: str, known: set[str]) -> str | None:
    """Return the smallest room that a path of modules is in."""
    inside = [room for room in known if f"{path}/".startswith(f"{room}/")]
    return max(inside, key=len, default=None)


def crossings(known: set[str]) -> list[tuple[Path, str, str, str | None]]:
    """Return every import from a room into a room: file, imported name, and both rooms."""
    return [
        (path, name, name_to_room, room_of(path.relative_to(ROOT).with_suffix("").as_posix(), known))
        for path in SOURCES
        if "migrations" not in path.parts
        for name in imported(path)
        if (name_to_room := room_of(name.replace(".", "/"), known)) is not None
    ]


def test_states_of_a_task() -> None:
    assert states("The life of a task") - {"[*]"} == set(Job.Status.values)


def test_states_of_a_callback() -> None:
    assert states("The life of a callback") - {"[*]"} == set(Message.State.values)


def test_every_file_has_a_room() -> None:
    known = set(rooms().values())
    outside = [path.relative_to(ROOT).as_posix() for path in SOURCES if "migrations" not in path.parts]
    homeless = [path for path in outside if room_of(path.removesuffix(".py"), known) is None]
    assert [path for path in homeless if not path.endswith("__init__.py")] == []


def test_imports_go_along_the_arrows() -> None:
    drawn = arrows()
    allowed = {room: reached(room, drawn) | {room} for room in drawn}
    found = crossings(set(drawn))
    assert len(found) > 100
    wrong = {f"{path.relative_to(ROOT)}: {name}" for path, name, to, room in found if room and to not in allowed[room]}
    assert sorted(wrong) == []


def test_arrows_make_no_circle() -> None:
    drawn = arrows()
    assert [room for room in drawn if room in reached(room, drawn)] == []


@pytest.mark.slow
def test_every_arrow_is_an_import() -> None:
    drawn = arrows()
    real = {(room, to) for _, _, to, room in crossings(set(drawn))}
    assert [(room, to) for room in drawn for to in sorted(drawn[room]) if (room, to) not in real] == []
