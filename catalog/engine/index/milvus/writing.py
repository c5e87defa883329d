"""Bringing a build up to the log: operations one after another, or all tracks at once."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import islice
from typing import Any

import numpy as np

from catalog.engine.index.interface import Entry, Operation
from catalog.engine.index.milvus.build import Build, canary_row, track_row
from catalog.engine.index.milvus.canaries import CANARY_EVERY, canaries_up_to, canary_rows
from catalog.engine.index.milvus.rows import all_keys, joined, track_rows
from catalog.engine.index.milvus.state import State, layout

_TRACKS_AT_ONCE = 500


def start(build: Build) -> State:
    """Prepare an empty build to follow the log from its beginning; return its state, which is stored."""
    build.insert_vectors(canary_rows([0]))
    build.upsert_tracks([canary_row(0)])
    state = State(layout=layout())
    build.store(state)
    return state


def follow(build: Build, state: State, known: Sequence[int], last_words: dict[int, Operation], last: int) -> State:
    """Write the operations after ``state`` up to ``last``; return the new state, which the caller must store.

    ``last_words``: the last operation on each track. ``known``: canaries whose rows must be in the answers. Where one
    is missing, the old rows of a track may be missing too: ``IndexUnavailable``.
    """
    changed = {track: word for track, word in last_words.items() if word.sequence > state.sequence}
    old = build.rows_of(set(changed) | set(state.touched), known)
    # The totals leave out what is being written, so that whoever goes on after a crash counts nothing twice.
    base = state.without(row for row in old if row["id"] not in state.touched)
    base = base.plus(row for row in old if row["id"] not in changed)
    base = replace(base, touched=tuple(changed))
    build.store(base)
    canaries = range(state.sequence // CANARY_EVERY + 1, last // CANARY_EVERY + 1)
    new = _write_tracks(build, changed, [row for row in old if row["id"] in changed], canaries)
    return replace(base.plus(new), sequence=last, touched=())


def _write_tracks(
    build: Build, changed: dict[int, Operation], old: list[dict[str, Any]], canaries: Iterable[int]
) -> list[dict[str, Any]]:
    """Vectors first, then what is left over of older ones, and the tracks' rows last: they say what there was."""
    entries = [word.entry for word in changed.values() if word.entry is not None]
    numbers = list(canaries)
    written = joined([*map(track_rows, entries), canary_rows(numbers)])
    build.upsert_vectors(written)
    if old:
        before = np.concatenate([all_keys(row["id"], row["positions"]) for row in old])
        build.delete_vectors(np.setdiff1d(before, written.keys).tolist())
    rows = [track_row(entry) for entry in entries]
    build.upsert_tracks(rows + [canary_row(number) for number in numbers])
    build.delete_tracks([row["id"] for row in old if changed[row["id"]].entry is None])
    return rows


def fill(build: Build, entries: Iterable[Entry], *, sequence: int, expected: int) -> State:
    """Put about ``expected`` tracks into an empty build; return the new state, which the caller must store."""
    state = State(layout=layout())
    canaries, left = list(range(canaries_up_to(sequence))), iter(entries)
    share = max(1, len(canaries) * _TRACKS_AT_ONCE // max(1, expected))
    while some := list(islice(left, _TRACKS_AT_ONCE)):
        rows, numbers = [track_row(entry) for entry in some], canaries[:share]
        build.insert_vectors(joined([*map(track_rows, some), canary_rows(numbers)]))
        build.upsert_tracks(rows + [canary_row(number) for number in numbers])
        del canaries[:share]
        state = state.plus(rows)
    build.insert_vectors(canary_rows(canaries))
    build.upsert_tracks([canary_row(number) for number in canaries])
    build.flush_vectors()
    return replace(state, sequence=sequence)
