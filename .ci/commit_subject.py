"""Git's commit-msg hook: a subject is `room: what it does now`, at most 72 characters.

The room is the part of the tree, such as `catalog/tasks`; several are parted by commas. Git names
the file of the message. Exits 1 and says why where the subject is another.
"""

import re
import sys
from pathlib import Path

MOST_CHARACTERS = 72  # what `git log --oneline` and a mail's subject show whole
SUBJECT = re.compile(r"[\w./*-]+(?:,? [\w./*-]+)*: \S")
MADE_BY_GIT = re.compile(r"(?:fixup!|squash!|amend!|Merge|Revert) ")


def fault(subject: str) -> str | None:
    """Return what is wrong with a subject; None where nothing is."""
    if MADE_BY_GIT.match(subject):
        return None
    if not SUBJECT.match(subject):
        return "it names no room: write `room: what it does now`"
    if len(subject) > MOST_CHARACTERS:
        return f"it has {len(subject)} characters; at most {MOST_CHARACTERS} are shown"
    if subject.endswith("."):
        return "it ends in a full stop"
    return None


def subject_of(message: str) -> str:
    """Return the first line that is neither empty nor a comment of git's."""
    return next((line.rstrip() for line in message.splitlines() if line.strip() and not line.startswith("#")), "")


if __name__ == "__main__":
    subject = subject_of(Path(sys.argv[1]).read_text(encoding="utf-8"))
    if found := fault(subject):
        sys.exit(f"The subject of this commit is not as the others are: {found}.\n    {subject}")
