"""The rows as a table on the screen and in Markdown, and as CSV."""

import csv
import os
import platform
import time
from dataclasses import astuple
from pathlib import Path

import numpy as np

from bench.goals import by_alteration, recall
from bench.relatives import same_recording
from bench.runner import COLUMNS, Row

LENGTHS = ("whole", "30 s", "10 s", "5 s", "in a mix")
THREAD_VARIABLES = ("OPENBLAS_NUM_THREADS", "OPENBLAS_CORETYPE", "OMP_NUM_THREADS")


def conditions() -> str:
    """Machine, date and thread settings: a figure without them says little."""
    told = Path("/proc/cpuinfo").read_text().splitlines()
    model = next((line.split(":")[1].strip() for line in told if "model name" in line), platform.processor())
    threads = ", ".join(f"{name}={os.environ.get(name, 'unset')}" for name in THREAD_VARIABLES)
    machine = f"{model}, {os.cpu_count()} cores, Python {platform.python_version()}"
    return f"{time.strftime('%Y-%m-%d %H:%M')}, {machine}, {threads}"


def write_csv(rows: list[Row], path: Path) -> None:
    """One line a query."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="") as out:
        writer = csv.writer(out)
        writer.writerow(COLUMNS)
        writer.writerows(astuple(row) for row in rows)


def table(rows: list[Row]) -> str:
    """Alteration x length → found of asked, median score and the rank of those not found first."""
    lines = ["| alteration | " + " | ".join(LENGTHS) + " |", "|---" * (len(LENGTHS) + 1) + "|"]
    for name, group in by_alteration(row for row in rows if row.positive).items():
        cells = [_cell([row for row in group if row.length == length]) for length in LENGTHS]
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _cell(rows: list[Row]) -> str:
    if not rows:
        return ""
    _, found, asked = recall(rows)
    score = np.median([row.right_score for row in rows])
    first = sum(row.rank == 1 for row in rows)
    return f"{found}/{asked} · first {first} · {score:.2f}"


def families(rows: list[Row]) -> str:
    """Family x length → recall."""
    lines = ["| family | " + " | ".join(LENGTHS) + " |", "|---" * (len(LENGTHS) + 1) + "|"]
    positive = [row for row in rows if row.positive]
    for family in dict.fromkeys(row.family for row in positive):
        cells = []
        for length in LENGTHS:
            share, found, asked = recall(r for r in positive if r.family == family and r.length == length)
            cells.append(f"{found}/{asked} ({share:.0%})" if asked else "")
        lines.append(f"| {family} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def weakest(rows: list[Row], count: int = 12) -> str:
    """The alterations and lengths with the lowest recall."""
    groups: dict[tuple[str, str], list[Row]] = {}
    for row in rows:
        if row.positive:
            groups.setdefault((row.alteration, row.length), []).append(row)
    ordered = sorted(groups.items(), key=lambda item: recall(item[1])[0])[:count]
    return "\n".join(f"{name}, {length}: {_short(group)}" for (name, length), group in ordered)


def _short(group: list[Row]) -> str:
    _, found, asked = recall(group)
    score = np.median([row.right_score for row in group])
    return f"{found} of {asked} (ranked first {sum(r.rank == 1 for r in group)}, median score {score:.2f})"


def costs(rows: list[Row]) -> str:
    """CPU of analysis and of search, by length."""
    lines = []
    for length in LENGTHS:
        of_length = [row for row in rows if row.length == length]
        if of_length:
            search = [row.search_cpu_s for row in of_length]
            analysis = [row.analysis_cpu_s for row in of_length]
            lines.append(
                f"{length}: search median {np.median(search):.3f} s, 95 % {np.percentile(search, 95):.3f} s; "
                f"decode and analyse median {np.median(analysis):.3f} s ({len(of_length)} queries)"
            )
    return "\n".join(lines)


def false_accepts(rows: list[Row], count: int = 20) -> str:
    """The negatives that were reported, and the positives that reported another track first."""
    wrong = [row for row in rows if row.reported and not same_recording(row.reported, row.track)]
    lines = [
        f"{row.key} -> {row.reported} ({row.verdict}, score {row.right_score or row.wrong_score:.2f}, "
        f"claimed probability {row.false_accept_probability:.1g})"
        for row in wrong[:count]
    ]
    return "\n".join([f"{len(wrong)} of {len(rows)}", *lines])
