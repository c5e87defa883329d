"""The goals, fixed: a goal is never loosened to make it pass."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np

from bench.runner import Row

LONG = ("whole", "30 s")
NO_TIME_OR_PITCH = frozenset({"codec", "loudness", "filter", "room", "channels", "noise", "masking"})
ONE_AT_A_TIME = NO_TIME_OR_PITCH | {"edit", "pitch", "tempo", "speed"}
NEGATIVES = 1_000  # at the least
WEAKEST = 0.95  # recall of each alteration
PERCENTILE = 95  # of the found ones whose error counts as reached


@dataclass(frozen=True)
class Goal:
    """One line of the verdict."""

    name: str
    reached: str
    met: bool

    def line(self) -> str:
        """``goal | reached | met or missed``."""
        return f"{self.name} | {self.reached} | {'met' if self.met else 'missed'}"


def recall(rows: Iterable[Row]) -> tuple[float, int, int]:
    """(share, found, asked)."""
    rows = list(rows)
    found = sum(row.found for row in rows)
    return (found / len(rows) if rows else 0.0), found, len(rows)


def recognition_goals(rows: list[Row], *, quick: bool) -> list[Goal]:
    """Recall, false accepts and alignment, from the outcome of every query; the short form has no 10 s queries."""
    positive = [row for row in rows if row.positive]
    singles = [r for r in positive if r.family in ONE_AT_A_TIME and r.length in LONG]
    plain = [r for r in positive if r.family in NO_TIME_OR_PITCH]
    mixes = [r for r in positive if r.alteration.startswith("10 s inside")]
    ten_seconds = [
        at_least("10 s without pitch and tempo: recall >= 97 %", [r for r in plain if r.length == "10 s"], 0.97)
    ]
    return [
        weakest("each alteration, whole track and 30 s: recall, weakest >= 95 %", singles, WEAKEST),
        _share_of_full("alterations at 100 % recall, whole and 30 s: most (> half)", singles),
        at_least("all alterations one at a time, whole and 30 s: recall >= 99 %", singles, 0.99),
        at_least("combinations, 30 s: recall >= 98 %", [r for r in positive if r.family == "combination"], 0.98),
        *(ten_seconds if not quick else []),
        at_least("5 s without pitch and tempo: recall >= 90 %", [r for r in plain if r.length == "5 s"], 0.90),
        at_least("10 s inside 3 minutes of other music: found >= 95 %", mixes, 0.95),
        _error("10 s inside 3 minutes: offset within 0.2 s", mixes, lambda r: r.offset_error_s, 0.2, "s"),
        false_accepts([row for row in rows if not row.positive], least=1 if quick else NEGATIVES),
        *_alignment([r for r in positive if r.family != "mix"]),
    ]


def _alignment(rows: list[Row]) -> list[Goal]:
    return [
        _error("offset within 0.1 s", rows, lambda r: r.offset_error_s, 0.1, "s"),
        _error("tempo ratio within 0.5 %", rows, lambda r: r.tempo_error, 0.005, ""),
        _error("pitch within 0.25 semitone", rows, lambda r: r.pitch_error, 0.25, "st"),
        _error("query coverage within 5 points", rows, lambda r: r.query_coverage_error, 0.05, ""),
        _error("reference coverage within 5 points", rows, lambda r: r.reference_coverage_error, 0.05, ""),
    ]


def at_least(name: str, rows: list[Row], floor: float) -> Goal:
    """Found of asked."""
    share, found, asked = recall(rows)
    return Goal(name, f"{share:.1%} ({found} of {asked})", asked > 0 and share >= floor)


def by_alteration(rows: Iterable[Row]) -> dict[str, list[Row]]:
    """Rows under each alteration's name, in the order met."""
    grouped: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        grouped[row.alteration].append(row)
    return dict(grouped)


def weakest(name: str, rows: list[Row], floor: float) -> Goal:
    """Each alteration; those under the floor are named, the worst first."""
    shares = {key: recall(group) for key, group in by_alteration(rows).items()}
    under = sorted((share, key) for key, (share, _, _) in shares.items() if share < floor)
    least = ", ".join(f"{key} {share:.0%}" for share, key in under[:6])
    return Goal(
        name, f"{len(under)} of {len(shares)} under it{': ' + least if least else ''}", bool(rows) and not under
    )


def _share_of_full(name: str, rows: list[Row]) -> Goal:
    groups = by_alteration(rows)
    full = sum(recall(group)[0] == 1 for group in groups.values())
    return Goal(name, f"{full} of {len(groups)}", full * 2 > len(groups))


def false_accepts(rows: list[Row], *, least: int) -> Goal:
    """No report of any kind on ``least`` negatives or more."""
    duplicates = sum(row.is_duplicate for row in rows)
    contained = sum(row.verdict == "contains" for row in rows)
    reached = f"{duplicates} as duplicate and {contained} as contained, of {len(rows)}"
    name = f"false accepts: 0 of at least {least:,} negatives" if least > 1 else "false accepts: 0"
    return Goal(name, reached, duplicates + contained == 0 and len(rows) >= least)


def _error(name: str, rows: list[Row], of: Callable[[Row], float | None], limit: float, unit: str) -> Goal:
    errors = np.array([abs(value) for row in rows if row.found and (value := of(row)) is not None])
    if not errors.size:
        return Goal(name, "nothing found", met=False)
    middle, high = np.percentile(errors, (50, PERCENTILE))
    within = (errors <= limit).mean()
    reached = f"{within:.1%} within; median {middle:.3g}{unit}, {PERCENTILE}th percentile {high:.3g}{unit}"
    return Goal(f"{name} ({PERCENTILE} % of the found)", reached, bool(high <= limit))
