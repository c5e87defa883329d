"""The questions to the index for one query, under some probes, and the votes that follow from its answers."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np

from catalog.engine.alignment.line import HOP_S, evenly
from catalog.engine.features.embedding import Vectors
from catalog.engine.features.patches import centres
from catalog.engine.features.query import Probe, Query
from catalog.engine.features.spectrogram import Floats
from catalog.engine.index.interface import Neighbours, ReferenceIndex
from catalog.engine.index.layout import ORIGIN_S, REFERENCE_STEP_S, place_vectors
from catalog.engine.search.candidates import PLAIN_VOTE_FLOOR, VOTE_FLOOR, Votes

NEIGHBOURS = 6
LEAST_FLOOR = 0.15  # similarity under which a neighbour is none, where votes are weighed against each other
TEMPOS = (0.71, 0.795, 0.89, 1.0, 1.12, 1.25, 1.4)
PITCHES = range(-8, 9)


def probe_grid() -> list[Probe]:
    """The probes: every tempo with every pitch but the plain one, and half pitches at the unchanged tempo.

    A copy of which only the pitch was changed keeps the tempo exactly, so closer probes help most there.
    """
    whole = [Probe(tempo, float(pitch)) for tempo in TEMPOS for pitch in PITCHES if (tempo, pitch) != (1.0, 0)]
    return whole + [Probe(1.0, pitch + 0.5) for pitch in PITCHES[:-1]]


@dataclass(frozen=True)
class Questions:
    """Vectors of a query's moments under probes, one a row: ``values`` and ``heard`` are as in ``Vectors``.

    (n,) each: ``probe``, the probe's number; ``query_s``, the time in the query; ``tempo``, the probe's tempo ratio.
    """

    values: Floats
    heard: np.ndarray
    probe: np.ndarray
    query_s: np.ndarray
    tempo: np.ndarray

    @classmethod
    def of(cls, query: Query, probes: Sequence[Probe], places: int) -> Self:
        """At most ``places`` moments under every probe, evenly spread."""
        return cls.at(query, probes, lambda at: evenly(len(at), places))

    @classmethod
    def at(cls, query: Query, probes: Sequence[Probe], chosen: Callable[[Floats], np.ndarray]) -> Self:
        """Some moments under every probe.

        ``chosen``: takes the (n,) columns at which a whole patch fits, and gives the indices of those that are wanted.
        """
        parts = []
        for number, probe in enumerate(probes):
            places = centres(query.columns, 1.0, probe.tempo_ratio)
            vectors = place_vectors(query.moved(probe.pitch_semitones), places[chosen(places)], probe.tempo_ratio)
            count = len(vectors.places)
            times_s, tempo = vectors.places * HOP_S, np.full(count, probe.tempo_ratio)
            parts.append((vectors.values, vectors.heard, np.full(count, number, np.int64), times_s, tempo))
        return cls(*(np.concatenate(column) for column in zip(*parts, strict=True)))


def collect_votes(
    questions: Questions,
    index: ReferenceIndex,
    excluded: Collection[int],
    *,
    thorough: bool,
    neighbours: int = NEIGHBOURS,
) -> tuple[list[Votes], list[int]]:
    """Ask the index once, and return the votes and the ids of the tracks; see ``nearest`` and ``votes_of``."""
    near = nearest(questions, index, excluded, thorough=thorough, neighbours=neighbours)
    return votes_of(questions, near, neighbours, thorough=thorough)


def nearest(
    questions: Questions, index: ReferenceIndex, excluded: Collection[int], *, thorough: bool, neighbours: int
) -> Neighbours:
    """The neighbours that may vote for each question, and the one after them, in one call of the index.

    ``neighbours``: how many may vote. ``excluded``: ids of tracks that the index passes over. ``thorough``: see
    ``ReferenceIndex.nearest``.
    """
    vectors = Vectors(questions.values, questions.query_s, questions.heard)
    return index.nearest(vectors, neighbours + 1, thorough=thorough, without=excluded)


def votes_of(
    questions: Questions, near: Neighbours, neighbours: int, *, thorough: bool
) -> tuple[list[Votes], list[int]]:
    """The votes of the neighbours, weighed in one or two ways, and the ids of the tracks that their slots stand for.

    A vote's weight is its similarity above what chance gives. A ``thorough`` search weighs it in a second way too: by
    how much nearer it is than the first neighbour without a vote. What sounds like much else says little.
    """
    near = Neighbours(*(column[:, :, : neighbours + 1] for column in vars(near).values()))
    voting, next_best = near.similarity[:, :, :-1], near.similarity[:, :, -1:]
    worths = [voting - (PLAIN_VOTE_FLOOR if thorough else VOTE_FLOOR)]
    if thorough:
        worths.append(voting - np.maximum(next_best, LEAST_FLOOR))
    track_id = near.track_id[:, :, :-1]
    tracks, slot = np.unique(track_id, return_inverse=True)
    slot = slot.reshape(track_id.shape).astype(np.int64)
    return [_weighed(questions, near, slot, worth) for worth in worths], tracks.tolist()


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
