"""The drawings of docs/architecture.md are true: the states of tasks and callbacks."""

import re

from catalog.models import Job
from tests.site.test_repository import ROOT
from webhooks.models import Message

PAGE = ROOT / "docs" / "architecture.md"


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


def test_states_of_a_task() -> None:
    assert states("The life of a task") - {"[*]"} == set(Job.Status.values)


def test_states_of_a_callback() -> None:
    assert states("The life of a callback") - {"[*]"} == set(Message.State.values)
