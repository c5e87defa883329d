"""The goals of naming, fixed: a goal is never loosened to make it pass. The short form has its own, for few cases."""

from bench.goals import Goal
from bench.naming.judge import Score

# Of protocol A: recall and precision of pairs, recall and precision of seconds.
SEGMENTS = {"hard": (0.97, 0.995, 0.93, 0.97), "medium": (0.95, 0.995, 0.90, 0.96)}
QUICK_RECALL, QUICK_RECALL_S, QUICK_PRECISION_S = 0.80, 0.75, 0.90  # of a dozen chunks
CPU_S_AN_HOUR = 45.0  # of a query that is a mix of known recordings
BUDGET_CPU_S_A_MINUTE = 2.5  # of any query
SEARCH_MB = 400.0  # that a search takes beside the catalog, for 62 minutes of query
LINEAR = 1.25  # how far from proportional to length a cost may grow


def segments(level: str, score: Score, *, quick: bool) -> list[Goal]:
    """Protocol A at one level."""
    (pairs, seconds), (precise, precise_s) = score.recall, score.precision
    least_pairs, least_precise, least_s, least_precise_s = SEGMENTS[level]
    if quick:
        return [
            none(f"A, {level}: recordings named that are not there", score.wrong_pairs, score.told_pairs),
            _least(f"A, {level}: recall of pairs", pairs, QUICK_RECALL),
            _least(f"A, {level}: recall of seconds", seconds, QUICK_RECALL_S),
            _least(f"A, {level}: precision of seconds", precise_s, QUICK_PRECISION_S),
        ]
    return [
        _least(f"A, {level}: recall of pairs", pairs, least_pairs),
        _least(f"A, {level}: precision of pairs", precise, least_precise),
        _least(f"A, {level}: recall of seconds", seconds, least_s),
        _least(f"A, {level}: precision of seconds", precise_s, least_precise_s),
    ]


def mixes(name: str, score: Score, cpu_s_a_minute: float) -> list[Goal]:
    """Protocol B: all in their places, nothing else, at a cost."""
    return [
        every(f"B, {name}: recordings named in their places", score.in_place, score.asked_pairs),
        none(f"B, {name}: recordings named that are not there", score.wrong_pairs, score.told_pairs),
        cost(f"B, {name}: CPU an hour of query", 60 * cpu_s_a_minute, CPU_S_AN_HOUR),
    ]


def every(name: str, reached: int, asked: int) -> Goal:
    """All of them."""
    return Goal(f"{name}: all", f"{reached} of {asked}", asked > 0 and reached == asked)


def none(name: str, reached: int, of: int) -> Goal:
    """Not one of them."""
    return Goal(f"{name}: 0", f"{reached} of {of}", reached == 0)


def cost(name: str, reached: float, most: float, unit: str = "s") -> Goal:
    """At most so much."""
    return Goal(f"{name} <= {most:g} {unit}", f"{reached:.1f} {unit}", reached <= most)


def _least(name: str, reached: float, least: float) -> Goal:
    return Goal(f"{name} >= {least:.1%}", f"{reached:.1%}", reached >= least)
