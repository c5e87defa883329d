"""Verification: whether the index is what the database says it should be."""

import random
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from django.conf import settings

from catalog.engine import InvalidIndex
from catalog.engine.index import manifest
from catalog.engine.index.interface import Entry, ReferenceIndex
from catalog.services.index import log
from catalog.services.index.searching import CaughtUpIndex, fingerprints_of

SHOWN = 5  # problems of one kind that are named
_BATCH = 50
Progress = Callable[[Iterable[Any], int, str], Iterable[Any]]


def verify(*, sample: int, progress: Progress) -> Iterator[tuple[str, list[str]]]:
    """Yield the name of each check and its errors; compares `sample` fingerprints, or all for 0."""
    yield "files", _files(progress)
    index = CaughtUpIndex().opened()
    track_ids, vectors = index.census()
    yield "tracks", _tracks(index, track_ids)
    yield (
        "fingerprints",
        _fingerprints(index, dict(zip(track_ids.tolist(), vectors.tolist(), strict=True)), sample, progress),
    )


def _files(progress: Progress) -> list[str]:
    """Every byte of every kept generation."""
    folder = Path(settings.INDEX_DIR)
    problems = []
    for number in manifest.numbers(folder):
        try:
            generation = manifest.read(folder, number)
            for file in progress(generation.files, len(generation.files), f"Generation {number}"):
                file.check(folder, thorough=True)
        except InvalidIndex as error:
            problems.append(f"generation {number}: {error}")
    return problems


def _tracks(index: ReferenceIndex, track_ids: np.ndarray) -> list[str]:
    """Every track that the log puts in is in once, and no other."""
    wanted = set(log.tracks_at(index.applied_sequence()))
    have, counts = np.unique(track_ids, return_counts=True)
    missing, strange = wanted - set(have.tolist()), set(have.tolist()) - wanted
    problems = [f"missing: {sorted(missing)[:SHOWN]} of {len(missing)}"] if missing else []
    problems += [f"not in the log: {sorted(strange)[:SHOWN]} of {len(strange)}"] if strange else []
    if (counts > 1).any():
        problems.append(f"duplicated:  {have[counts > 1][:SHOWN].tolist()} of {(counts > 1).sum()}")
    behind = log.count_after(index.applied_sequence())
    return [*problems, *([f"{behind} operations behind"] if behind else [])]


def _fingerprints(index: ReferenceIndex, vectors: dict[int, int], sample: int, progress: Progress) -> list[str]:
    """The tracks' stored fingerprints are those that the index knows, with all of their vectors."""
    track_ids = sorted(vectors)
    if 0 < sample < len(track_ids):
        track_ids = random.Random(0).sample(track_ids, sample)  # noqa: S311  (a sample, no secret)
    problems = []
    starts = range(0, len(track_ids), _BATCH)
    for start in progress(starts, len(starts), "Fingerprints"):
        found = fingerprints_of(track_ids[start : start + _BATCH])
        for track_id in track_ids[start : start + _BATCH]:
            if track_id not in found:
                problems.append(f"track {track_id} has no fingerprint")
                continue
            entry = Entry.of(track_id, found[track_id])
            expected = int(entry.vectors.heard.sum())
            if track_id not in index.twins(entry.digest):
                problems.append(f"the index has another fingerprint of track {track_id}")
            elif vectors[track_id] != expected:
                problems.append(f"track {track_id} has {vectors[track_id]} vectors instead of {expected}")
    return problems[:SHOWN] + ([f"and {len(problems) - SHOWN} more"] if len(problems) > SHOWN else [])
