"""What it costs to decide about a group of 300, a page of it at a time, and about a mix of 60 at once."""

import re
import statistics
import time
from collections.abc import Callable, Iterator
from typing import Any

from bench.goals import Goal
from bench.pages.rows import GROUP, GROUP_SIZE, MIX, MIX_PARTS

LIMIT_MS = 300.0


def measure(desk: Any) -> Iterator[Goal]:
    """Time each page and each decision, and take all of it back."""
    from catalog.models import Decision  # noqa: PLC0415
    from catalog.services.decisions import undo  # noqa: PLC0415

    before = Decision.objects.latest("pk").pk
    try:
        yield from _group(desk)
        yield from _mix(desk)
    finally:
        for decision in Decision.objects.filter(pk__gt=before):
            undo(decision=decision)


def _group(desk: Any) -> Iterator[Goal]:
    address, shown, pages, decisions = f"/catalog/review/group/{GROUP}/", 0, [], []
    while (page := _timed(pages, lambda: desk.get(address))).status_code == 200:
        others = {int(pk) for pk in re.findall(rb'name="kind-([0-9]+)"', page.content)} - {GROUP}
        said = {f"kind-{other}": "same" for other in others} | {"keeper": GROUP}
        _timed(decisions, lambda said=said: desk.post(f"{address}decide/", said))
        shown += len(others)
    if shown != GROUP_SIZE - 1:
        raise SystemExit(f"The group of {GROUP_SIZE} showed {shown} copies.")
    yield _goal(f"a page of a group of {GROUP_SIZE}", pages)
    yield _goal("a decision about such a page", decisions)


def _mix(desk: Any) -> Iterator[Goal]:
    from catalog.models import Decision  # noqa: PLC0415

    times: list[float] = []
    before = Decision.objects.count()
    _timed(times, lambda: desk.post(f"/catalog/uses/{MIX}/decide/", {"choice": "used-all"}))
    made = Decision.objects.count() - before
    if made != MIX_PARTS:
        raise SystemExit(f"Of the mix of {MIX_PARTS} {made} uses were decided.")
    yield _goal(f"a decision about all of a mix of {MIX_PARTS}", times)


def _timed(times: list[float], ask: Callable[[], Any]) -> Any:
    began_s = time.perf_counter()
    answer = ask()
    times.append((time.perf_counter() - began_s) * 1000)
    return answer


def _goal(name: str, times: list[float]) -> Goal:
    told = f"median {statistics.median(times):.0f} ms, slowest {max(times):.0f} ms, {len(times)} times"
    return Goal(f"{name} <= {LIMIT_MS:.0f} ms", told, statistics.median(times) <= LIMIT_MS)
