"""Which votes of an index bring a track among those that are looked at."""

import math
from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import cast

import numpy as np
import pytest

from catalog.engine import Fingerprint
from catalog.engine.features.embedding import Vectors
from catalog.engine.features.query import PLAIN, Query
from catalog.engine.features.sketch import QuerySketch
from catalog.engine.index.in_memory import EmbeddedIndex
from catalog.engine.index.interface import Entry, Neighbours, Operation, ReferenceIndex, Size, Spots
from catalog.engine.index.layout import ORIGIN_S, REFERENCE_STEP_S
from catalog.engine.match import Verdict, twin_match
from catalog.engine.parameters import LONGEST_S
from catalog.engine.search.candidates import BIN_S, WINDOW_S, Votes, candidates
from catalog.engine.search.questions import TEMPOS, probe_grid
from catalog.engine.search.references import References
from catalog.engine.search.search import Catalog, _Finder, search

TRACK, OTHERS = 1, [2, 3, 4, 5, 6, 7]


@dataclass
class FaintIndex:
    """The right place of ``TRACK`` is always the nearest, all others are equally far."""

    nearest_by: float
    others_by: float

    def nearest(
        self,
        queries: Vectors,
        k: int,
        *,
        thorough: bool,
        without: Collection[int] = (),  # noqa: ARG002
    ) -> Neighbours:
        shape = (2, len(queries.places), k)
        similarity = np.full(shape, self.others_by, np.float32)
        track_id = np.broadcast_to(np.arange(1, k + 1), shape)
        position = np.zeros(shape, np.int64)
        if thorough:
            similarity[:, :, 0] = self.nearest_by
            position[:, :, 0] = np.round((queries.places - ORIGIN_S) / REFERENCE_STEP_S)
        return Neighbours(similarity, track_id, position)

    def scan(self, asked: QuerySketch, k: int) -> list[Spots]:  # noqa: ARG002
        return []

    def size(self) -> Size:
        return Size(7, 700, 700.0)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("nearest_by", "others_by", "found"),
    [(0.5, 0.4, True), (0.28, 0.2, True), (0.28, 0.28, False), (0.14, -0.2, False)],
    ids=["nearer than chance", "nearer than the next", "no nearer than the next", "far"],
)
def test_a_vote_counts_in_two_ways(
    fingerprints: list[Fingerprint], nearest_by: float, others_by: float, *, found: bool
) -> None:
    fingerprint = fingerprints[0]
    index = cast("ReferenceIndex", FaintIndex(nearest_by, others_by))
    catalog = Catalog(index, lambda ids: dict.fromkeys(ids, fingerprint), 1e-4)
    found_ids = [
        match.track_id for match in search(Query(fingerprint), catalog, OTHERS, References(catalog.fingerprints))
    ]
    assert found_ids == ([TRACK] if found else [])


@pytest.mark.parametrize(
    ("known", "later", "kept"),
    [(3.9, 4.2, 4.2), (8.0, 3.0, 8.0), (8.0, 8.5, 8.0), (8.0, 9.5, 9.5), (1.0, 1.5, 1.0)],
    ids=["believed after not", "not after believed", "hardly surer", "surer", "neither"],
)
def test_what_is_kept_of_a_track(fingerprints: list[Fingerprint], known: float, later: float, kept: float) -> None:
    """A match that is believed instead of one that is not; otherwise one that is clearly surer."""
    catalog = Catalog(cast("ReferenceIndex", FaintIndex(0.5, 0.4)), lambda _: {}, 1e-4)
    finder = _Finder(Query(fingerprints[0]), catalog, [], References(catalog.fingerprints))
    match = twin_match(TRACK, 30.0)
    for score in (known, later):
        finder._keep(replace(match, score=score, verdict="duplicate" if score > 4 else "none"))
    assert [found.score for found in finder.matches()] == [kept]


@pytest.mark.parametrize("semitones", np.arange(-7.75, 8, 0.25))
def test_a_copy_by_pitch_alone_is_a_quarter_of_a_semitone_from_a_probe(semitones: float) -> None:
    kept = [probe.pitch_semitones for probe in [PLAIN, *probe_grid()] if probe.tempo_ratio == 1.0]
    near = min(kept, key=lambda pitch: abs(pitch - semitones))
    assert abs(near - semitones) <= 0.25
    assert len(kept) == len(set(kept))


@pytest.mark.parametrize("offset_s", [LONGEST_S, -max(TEMPOS) * LONGEST_S])
@pytest.mark.parametrize("apart_s", [0.0, *(BIN_S / 2 * 2.0**bits for bits in (16, 17, 18))])
@pytest.mark.parametrize("windows", [-1, 0, 1])
def test_votes_of_the_longest_recordings_are_not_mixed_up(offset_s: float, apart_s: float, windows: int) -> None:
    """Whichever end of a day lies on which end of another one: two votes for different tracks stay two."""
    offsets = np.array([offset_s, offset_s - math.copysign(apart_s, offset_s)])
    query_s = np.array([60.5, 60.5 + windows * WINDOW_S / 2])
    for slot in (np.array([3, 4]), np.array([3, 3])):
        found = candidates(Votes(slot, np.zeros(2, np.int64), query_s, offsets, np.ones(2)), [PLAIN], 9)
        if slot[0] != slot[1] or apart_s:
            assert {one.votes for one in found} == {1.0}
            assert {(one.slot, one.offset_s) for one in found} <= set(zip(slot.tolist(), offsets.tolist(), strict=True))


@pytest.mark.parametrize("verdict", ["duplicate", "none"])
def test_only_what_is_believed_is_sure(fingerprints: list[Fingerprint], verdict: Verdict) -> None:
    """Where the limit is set low, more than a sure match's score may not be enough."""
    finder = _Finder(
        Query(fingerprints[0]),
        Catalog(cast("ReferenceIndex", FaintIndex(0.5, 0.4)), lambda _: {}, 1e-12),
        [],
        References(lambda _: {}),
    )
    finder._keep(replace(twin_match(TRACK, 30.0), score=11.0, verdict=verdict))
    assert (finder.sure(), finder.explained()) == (verdict == "duplicate", verdict == "duplicate")


def test_what_is_refused_in_the_end_is_not_sure_before(fingerprints: list[Fingerprint]) -> None:
    """A stretch that is too short to tell, of a recording that strays elsewhere: the search must go on."""
    finder = _Finder(
        Query(fingerprints[0]),
        Catalog(cast("ReferenceIndex", FaintIndex(0.5, 0.4)), lambda _: {}, 1e-4),
        [],
        References(lambda _: {}),
    )
    finder._keep(twin_match(TRACK, 30.0))
    assert finder.sure()
    finder._keep(replace(twin_match(TRACK, 30.0), verdict="none", strays=True))
    assert not finder.sure()
    assert not finder.explained()


def test_what_a_sure_match_leaves_out_is_not_fetched(fingerprints: list[Fingerprint]) -> None:
    """The candidates that have a few votes by chance beside those of a plain copy."""
    index, fetched = EmbeddedIndex(), set()
    index.apply([Operation(at + 1, at, Entry.of(at, one)) for at, one in enumerate(fingerprints)])

    def fetch(track_ids: Collection[int]) -> dict[int, Fingerprint]:
        fetched.update(track_ids)
        return {at: fingerprints[at] for at in track_ids}

    found = search(Query(fingerprints[0]), catalog := Catalog(index, fetch, 1e-6), (), References(catalog.fingerprints))
    assert [match.track_id for match in found if match.verdict != "none"] == [0]
    assert fetched == {0}
