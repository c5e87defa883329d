"""What the index is asked for a query, and the votes that come of its answers."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np

from catalog.engine.alignment.fit import HOP_S
from catalog.engine.features.embedding import Vectors
from catalog.engine.features.query import Probe, Query
from catalog.engine.features.spectrogram import Floats
from catalog.engine.index.interface import Neighbours, ReferenceIndex
from catalog.engine.index.layout import ORIGIN_S, REFERENCE_STEP_S
from catalog.engine.search.candidates import PLAIN_VOTE_FLOOR, VOTE_FLOOR, Votes

NEIGHBOURS = 6
LEAST_FLOOR = 0.15  # similarity under which a neighbour is none, where votes are weighed against each other


@dataclass(frozen=True)
class Questions:
    """Vectors of a query's moments under probes, a row each: ``values`` and ``heard`` as in ``Vectors``, and (n,) the
    number of the probe, the query's time (s) and the probe's tempo."""

    values: Floats
    heard: np.ndarray
    probe: np.ndarray
    query_s: np.ndarray
    tempo: np.ndarray

    @classmethod
    def of(cls, query: Query, probes: Sequence[Probe], places: int) -> Self:
        """At most ``places`` moments under every probe."""
        parts = []
        for number, probe in enumerate(probes):
            vectors = query.asked(probe, places)
            count = len(vectors.places)
            times_s, tempo = vectors.places * HOP_S, np.full(count, probe.tempo_ratio)
            parts.append((vectors.values, vectors.heard, np.full(count, number, np.int64), times_s, tempo))
        return cls(*(np.concatenate(column) for column in zip(*parts, strict=True)))


def votes(
    questions: Questions, index: ReferenceIndex, excluded: Collection[int], *, thorough: bool
) -> tuple[list[Votes], list[int]]:
    """Votes of all questions, from one call of the index; a vote's slot counts in the tracks beside it.

    A vote is worth what it is nearer than chance. Where the search is thorough it is weighed in a second way too: by
    what it is nearer than the first that does not vote, since what sounds like much else says little.
    """
    vectors = Vectors(questions.values, questions.query_s, questions.heard)
    near = index.nearest(vectors, NEIGHBOURS + 1, thorough=thorough)
    voting, next_best = near.similarity[:, :, :-1], near.similarity[:, :, -1:]
    worths = [voting - (PLAIN_VOTE_FLOOR if thorough else VOTE_FLOOR)]
    if thorough:
        worths.append(voting - np.maximum(next_best, LEAST_FLOOR))
    track_id = near.track_id[:, :, :-1]
    tracks, slot = np.unique(track_id, return_inverse=True)
    slot = slot.reshape(track_id.shape).astype(np.int64)
    allowed = ~np.isin(track_id, list(excluded))
    return [_weighed(questions, near, slot, np.where(allowed, worth, 0.0)) for worth in worths], tracks.tolist()


def _weighed(questions: Questions, near: Neighbours, slot: np.ndarray, worth: np.ndarray) -> Votes:
    """Of the neighbours that are worth something."""
    counts = worth > 0
    _, row, _ = np.nonzero(counts)
    query_s = questions.query_s[row].astype(float)
    reference_s = near.position[:, :, :-1][counts] * REFERENCE_STEP_S + ORIGIN_S
    return Votes(
        slot=slot[counts],
        probe=questions.probe[row],
        query_s=query_s,
        offset_s=reference_s - query_s * questions.tempo[row],
        weight=worth[counts].astype(float),
    )
