"""``python -m bench.hold_out``: open the split that decides, once a release; ``look N`` shows the Nth lost query.

The hold-out is music that nobody tuned on and whose lost queries nobody has read. Opening it measures robustness and
naming on it, and writes the date, the commit and each goal to ``hold-out.md``. That is committed with the release, and
so is ``relatives.json``, where Chromaprint finds recordings that are there twice. It refuses changes that are not
committed, a commit that was opened, and an engine that was opened under another commit.

The rule: whoever looks at a lost query of the hold-out moves its recordings to the tuning split. ``look`` does both.
What it has not shown stays unread: the full output lies under ``bench/out/hold-out`` and is nobody's to read. New
packages that are in no split may be added to ``bench/corpus.py`` unseen.
"""

import csv
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterable
from pathlib import Path

from bench import corpus
from bench.prints import ENGINE_DIGEST
from bench.robustness import OUT

LOG = Path(__file__).parent / "hold-out.md"
FOLDER = OUT / corpus.HOLD_OUT
FULL = FOLDER / "full.txt"
LOST = ("  lost in", "  wrong for", "  not a duplicate", "  duplicate:", "  invented in")
GOAL = re.compile(r"^[^|]+ \| [^|]+ \| (met|missed)$")
MEASURED = (("bench.robustness", "--no-peer"), ("bench.naming",))


class RefusedError(Exception):
    """Why the hold-out stays closed."""


def main() -> int:
    """Open it, or look at one query."""
    try:
        if sys.argv[1:2] == ["look"]:
            print(look(int(sys.argv[2]), _lost()))
            return 0
        return opened()
    except RefusedError as refused:
        print(refused)
        return 2


def opened() -> int:
    """Refuse, or write down the opening, measure, and write down what came of it; 0 where all goals are met."""
    commit, changed = _git("rev-parse", "HEAD"), _git("status", "--porcelain")
    refuse(LOG.read_text() if LOG.exists() else "", commit, ENGINE_DIGEST, changed)
    corpus.fetch_missing(corpus.HOLD_OUT_PACKAGES)
    os.environ[corpus.OPENED_BY] = commit
    note(f"\n## {time.strftime('%Y-%m-%d %H:%M')}, commit {commit}, engine {ENGINE_DIGEST}\n")
    note(f"{len(corpus.tracks(corpus.HOLD_OUT))} tracks; {len(corpus.looked_at())} moved to tuning before.\n\n")
    FOLDER.mkdir(parents=True, exist_ok=True)
    lines = _measure()
    FULL.write_text("\n".join(lines))
    goals = [line for line in lines if GOAL.match(line)]
    note("".join(f"- {line}\n" for line in goals or ["broke off: no goals were reached"]))
    print(
        "\n".join(goals),
        f"\nWritten to {LOG.name}: commit it and relatives.json. `look N` shows a lost query and moves it to tuning.",
    )
    return 0 if goals and all(line.endswith("| met") for line in goals) else 1


def refuse(log: str, commit: str, engine: str, changed: str) -> None:
    """``RefusedError`` where this commit or engine was opened, or where there are changes without a commit."""
    if changed:
        raise RefusedError("There are changes that are not committed: the result would belong to no commit.")
    if f"commit {commit}" in log:
        raise RefusedError(f"The hold-out was opened on {commit[:12]} already: {LOG.name} has the result.")
    if f"engine {engine}" in log:
        raise RefusedError(f"The hold-out was opened with this very engine ({engine}) under another commit.")


def note(text: str) -> None:
    """Append to the log."""
    with LOG.open("a") as out:
        out.write(text)


def look(number: int, lost: list[str]) -> str:
    """The lost query of that number, from 1; its recordings are tuning music from now on."""
    if not 1 <= number <= len(lost):
        raise RefusedError(f"There are {len(lost)} lost queries.")
    line = lost[number - 1]
    os.environ[corpus.OPENED_BY] = "look"
    names = [track.name for track in corpus.tracks(corpus.HOLD_OUT) if track.name in line]
    moved = sorted({*corpus.looked_at(), *names})
    corpus.LOOKED_AT.write_text(json.dumps(moved, indent=1, ensure_ascii=False) + "\n")
    return f"{line.strip()}\nMoved to tuning: {', '.join(names) or 'nothing, it names no track'}"


def lost_of(lines: Iterable[str], rows: Iterable[dict[str, str]]) -> list[str]:
    """Lost queries in the output of naming and in the table of robustness, as lines that name their tracks."""
    found = [line for line in lines if line.startswith(LOST)]
    for row in rows:
        is_right = row["reported"] == row["track"] and (not row["track"] or row["verdict"] != "none")
        if not is_right:
            found.append(f"robustness: {row['key']}, of {row['track'] or 'nothing'}, reported {row['reported']}")
    return found


def _lost() -> list[str]:
    if not FULL.exists():
        raise RefusedError("The hold-out was not opened in this checkout.")
    with (FOLDER / "robustness.csv").open() as table:
        return lost_of(FULL.read_text().splitlines(), csv.DictReader(table))


def _measure() -> list[str]:
    """Every line that the benches print, once it is known which recordings are there twice."""
    lines: list[str] = []
    environment = {name: value for name, value in os.environ.items() if name != "QUICK"}
    subprocess.run([sys.executable, "-m", "bench.relatives", corpus.HOLD_OUT], check=True, env=environment)
    for module, *options in MEASURED:
        command = [sys.executable, "-m", module, "--split", corpus.HOLD_OUT, *options]
        lines += subprocess.run(
            command, stdout=subprocess.PIPE, text=True, check=False, env=environment
        ).stdout.splitlines()
    return lines


def _git(*arguments: str) -> str:
    told = subprocess.run(["git", *arguments], cwd=LOG.parent, capture_output=True, text=True, check=True)
    return told.stdout.strip()


if __name__ == "__main__":
    sys.exit(main())
