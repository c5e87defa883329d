"""What naming costs: memory and CPU against the length of a query and against the number of copies in the catalog.

Each measurement is a process of its own, which indexes, asks for a moment to have everything loaded, and asks. Long
queries are the fingerprints of corpus tracks in a row: the search alone is measured, no decoding. Two kinds: a query of
recordings that are all in the catalog, and one in which a single minute is known.
"""

import csv
import json
import subprocess
import sys
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from bench import plots
from bench.corpus import CACHE
from bench.goals import Goal
from bench.naming import copies, goals, mixes
from bench.naming.catalog import Catalog
from bench.naming.protocols import Run, copied, enough, joined_prints, one_known_minute, prints_of
from bench.prints import ENGINE_DIGEST, make_prints, print_of
from bench.robustness import OUT
from bench.scale_worker import give_back_memory
from catalog.engine import Fingerprint

ALL_KNOWN, ONE_KNOWN, COPIES = "all known", "one minute known", "copies"
MINUTES, QUICK_MINUTES = (10.0, 62.0, 180.0, 360.0), (10.0,)
COUNTS, QUICK_COUNTS = (1, 10, 31, 100, 200), (1, 10)
GOAL_MINUTES = 62.0
MOMENT_S = 10.0


@dataclass(frozen=True)
class Cost:
    """``mb``: how much the process grew at its peak by the search; ``peak_mb``: of all, with index and libraries."""

    kind: str
    amount: float
    cpu_s: float
    mb: float
    peak_mb: float
    named: int
    is_complete: bool


def measured(run: Run, minutes: list[float]) -> list[Goal]:
    """All of it in processes of their own, kept as it comes while the engine is the same; table, plot and goals."""
    counts = QUICK_COUNTS if run.quick else COUNTS
    first, _ = copied(run)
    made = (*copies.copies(run.draw, first, max(counts)), mixes.short_reference(run.draw))
    tracks = (*run.references, *run.strangers)
    make_prints([first.path, *(track.path for track in tracks), *(query.path for query in made)], run.workers)
    wanted = [(kind, amount) for kind in (ALL_KNOWN, ONE_KNOWN) for amount in minutes]
    wanted += [(COPIES, float(count)) for count in counts]
    costs = [_kept(run, kind, amount) for kind, amount in wanted]
    _store(costs, OUT / "naming")
    return _goals(costs)


def _kept(run: Run, kind: str, amount: float) -> Cost:
    """From an earlier run of the same engine on the same references, or measured now."""
    label = f"{run.draw.split}-{run.draw.seed}-{len(run.references)}"
    path = CACHE / "answers" / f"cost-{ENGINE_DIGEST}" / f"{label}-{kind.replace(' ', '-')}-{amount:g}.json"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        command = [sys.executable, "-m", "bench.naming", "--split", run.draw.split, "--seed", str(run.draw.seed)]
        ended = subprocess.run([*command, "--measure", kind, f"{amount:g}"], stdout=subprocess.PIPE, check=True)
        path.write_bytes(ended.stdout)
    cost = Cost(**json.loads(path.read_text()))
    unit = "copies" if kind == COPIES else "minutes"
    ended_by = "" if cost.is_complete else ", ended by the budget"
    told = f"{cost.named} named, {cost.cpu_s:.1f} CPU s, {cost.mb:.0f} MB by the search, {cost.peak_mb:.0f} MB in all"
    print(f"cost, {kind}, {amount:g} {unit}: {told}{ended_by}", flush=True)
    return cost


def measure(run: Run, kind: str, amount: float) -> Cost:
    """In this process: index, ask for a moment, ask."""
    catalog, query = _prepared(run, kind, amount)
    catalog.ask(_moment(query))
    give_back_memory()
    before = _status_mb("VmRSS")
    Path("/proc/self/clear_refs").write_text("5")  # the peak begins anew (Linux)
    heard = catalog.ask(query)
    peak = _status_mb("VmHWM")
    return Cost(kind, amount, heard.cpu_s, peak - before, peak, len(heard.copies), heard.is_complete)


def _prepared(run: Run, kind: str, amount: float) -> tuple[Catalog, Fingerprint]:
    if kind == ALL_KNOWN:
        return run.catalog, joined_prints(enough(prints_of(run.references), amount))
    if kind == ONE_KNOWN:
        catalog, query, _ = one_known_minute(run, amount)
        return catalog, query
    first, others = copied(run)
    catalog = Catalog.of(others, run.workers)
    for held in copies.copies(run.draw, first, int(amount)):
        catalog.add(held.name, print_of(held.path).fingerprint)
    printed = print_of(first.path).fingerprint
    if printed is None:
        raise SystemExit(f"{first.name} was refused")
    return catalog, printed


def _moment(query: Fingerprint) -> Fingerprint:
    columns = round(len(query.levels) * min(1.0, MOMENT_S / query.duration_s))
    return Fingerprint(query.levels[:columns], min(MOMENT_S, query.duration_s))


def _status_mb(name: str) -> float:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(name)) / 1000


def _store(costs: list[Cost], folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "cost.csv").open("w", newline="") as out:
        writer = csv.DictWriter(out, [field.name for field in fields(Cost)])
        writer.writeheader()
        writer.writerows(asdict(cost) for cost in costs)
    plots.naming_costs([asdict(cost) for cost in costs], folder / "naming-cost.png")


def _goals(costs: list[Cost]) -> list[Goal]:
    """Those of which there are measurements."""
    found = []
    for cost in costs:
        if cost.kind == ONE_KNOWN and cost.amount == GOAL_MINUTES:
            found.append(goals.cost("62 minutes, one known: memory of the search", cost.mb, goals.SEARCH_MB, "MB"))
            budget = goals.BUDGET_CPU_S_A_MINUTE * GOAL_MINUTES
            found.append(goals.cost("62 minutes, one known: CPU", cost.cpu_s, budget))
    for kind in (ALL_KNOWN, ONE_KNOWN):
        group = {cost.amount: cost for cost in costs if cost.kind == kind}
        half, whole = group.get(180.0), group.get(360.0)
        if half is not None and whole is not None:
            most = 2 * goals.LINEAR
            found.append(goals.cost(f"6 h against 3 h, {kind}: CPU", whole.cpu_s / half.cpu_s, most, "times"))
            found.append(goals.cost(f"6 h against 3 h, {kind}: memory", whole.mb / half.mb, most, "times"))
    return found
