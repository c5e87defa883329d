"""Further copies: a catalog may hold more copies of one recording than a moment has neighbours that vote.

The tracks that were found are left out of the index, and the same moments are asked again, moved as the found copies
are, until nothing new is believed. So the cost grows with the number of copies. Where there is one it is next to
nothing: the neighbours of the first question show that there are no more.
"""

from collections.abc import Collection
from dataclasses import dataclass

from catalog.engine.features.query import PLAIN, Probe, Query
from catalog.engine.index.interface import Neighbours, ReferenceIndex
from catalog.engine.match import Match
from catalog.engine.search.candidates import Candidate, candidates_of_whole
from catalog.engine.search.questions import Questions, nearest, votes_of

PLACES = 64  # of the query
NEIGHBOURS = 40  # that vote for each
CANDIDATES, FAILURES = 60, 2  # tracks that are looked at in a round, and how many of them may fail in a row
LEAST_VOTES = 0.05  # a place: copies have 0.75 and more, other music up to 0.04
MOST_PROBES = 4  # that found ones lie under
PLAIN_TEMPO, PLAIN_PITCH = 0.01, 0.25  # share of one and semitones under which a copy is asked for unaltered
CROWDED = 10  # found tracks from which they may have crowded others out


@dataclass(frozen=True)
class Asked:
    """What was asked, under which ``probes``, and the neighbours that the index gave."""

    probes: list[Probe]
    questions: Questions
    near: Neighbours

    @classmethod
    def of(cls, query: Query, probes: list[Probe], index: ReferenceIndex, excluded: Collection[int]) -> "Asked":
        """Ask the index for ``PLACES`` moments of the query under each probe. ``excluded``: ids of tracks left out."""
        questions = Questions.of(query, probes, PLACES)
        return cls(probes, questions, nearest(questions, index, excluded, thorough=True, neighbours=NEIGHBOURS))

    def candidates(self, found: Collection[int]) -> list[tuple[int, Candidate]]:
        """Track ids and candidates that may be copies too, those with most votes first. ``found``: ids left out."""
        votes, tracks = votes_of(self.questions, self.near, NEIGHBOURS, thorough=True)
        least = LEAST_VOTES * len(self.questions.values) / len(self.probes)
        best = candidates_of_whole(votes[0], self.probes, CANDIDATES + len(found), least)
        return [(tracks[one.slot], one) for one in best if tracks[one.slot] not in found]


def probes_of(found: list[Match]) -> list[Probe]:
    """The probes under which the ``found`` matches lie, at most ``MOST_PROBES``: mostly the plain one."""
    probes = {PLAIN if _is_plain(match) else Probe(match.tempo_ratio, match.pitch_semitones) for match in found}
    return sorted(probes)[:MOST_PROBES]


def _is_plain(match: Match) -> bool:
    return abs(match.tempo_ratio - 1) < PLAIN_TEMPO and abs(match.pitch_semitones) < PLAIN_PITCH
