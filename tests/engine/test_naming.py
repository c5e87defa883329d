"""Every recording in a query is named, once, in its place, the closest first."""

import numpy as np
import pytest

from catalog.engine import Answer, Fingerprinter, FingerprintIndex, Match
from catalog.engine.search import budget, naming
from catalog.engine.search.find import find
from tests.alterations import RATE, Samples, another_tempo, noisy

PIECE_S = 25


def piece(song: Samples, start_s: float = 5.0, seconds: float = PIECE_S) -> Samples:
    cut = song[int(start_s * RATE) : int((start_s + seconds) * RATE)]
    return (cut * (0.1 / cut.std())).astype(np.float32)


def named(index: FingerprintIndex, samples: Samples) -> Answer:
    return index.find(Fingerprinter.of_samples(samples), effort="everything")


@pytest.mark.slow
def test_every_piece_of_a_mix_is_named_in_its_place(index: FingerprintIndex, sounds: list[Samples]) -> None:
    """Six songs in a row, every third one 4 % faster."""
    pieces = [another_tempo(piece(song), 1.04) if n % 3 == 1 else piece(song) for n, song in enumerate(sounds[:6])]
    answer = named(index, np.concatenate(pieces))
    starts_s = np.cumsum([0, *(len(one) / RATE for one in pieces)])
    found = {match.track_id: match for match in answer.matches}
    assert sorted(found) == list(range(6))
    assert answer.is_complete
    for number, match in found.items():
        assert match.query_start_s == pytest.approx(starts_s[number], abs=2.5)
        assert match.query_end_s == pytest.approx(starts_s[number + 1], abs=2.5)
        middle_s = (starts_s[number] + starts_s[number + 1]) / 2
        told_s = match.offset_s + match.tempo_ratio * middle_s
        assert told_s == pytest.approx(5 + (middle_s - starts_s[number]) * match.tempo_ratio, abs=0.3)
        assert match.relation in ("contains", "overlap")
        assert not match.is_duplicate


@pytest.mark.slow
def test_every_copy_is_named(sounds: list[Samples]) -> None:
    """More copies than neighbours vote in an ordinary check."""
    index = FingerprintIndex()
    for number in range(20):
        index.add(number, Fingerprinter.of_samples(noisy(sounds[0], 35, seed=number)))
    answer = named(index, sounds[0])
    assert sorted(match.track_id for match in answer.matches) == list(range(20))
    assert {match.relation for match in answer.matches} == {"same"}


def test_the_closest_comes_first(index: FingerprintIndex, sounds: list[Samples]) -> None:
    """A copy of a song that is in a mix as well."""
    index.add(
        100, Fingerprinter.of_samples(np.concatenate([piece(sounds[1]), piece(sounds[2], 0, 30), piece(sounds[3])]))
    )
    found = [(match.track_id, match.relation) for match in named(index, noisy(piece(sounds[2], 0, 30), 25)).matches]
    assert found[0][0] == 2
    assert (100, "excerpt") in found


@pytest.mark.slow
def test_what_is_not_known_comes_before_further_places_of_copies(
    sounds: list[Samples], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A chorus of which there are six copies, an altered song, and the chorus again."""
    index, chorus = FingerprintIndex(), piece(sounds[0])
    for number in range(6):
        index.add(number, Fingerprinter.of_samples(noisy(sounds[0], 35, seed=number)))
    index.add(6, Fingerprinter.of_samples(sounds[1]))
    looked_at: list[int] = []
    verified = naming.Namer._verified

    def watched(namer: naming.Namer, place: naming._Place) -> Match | None:
        looked_at.append(place.track_id)
        return verified(namer, place)

    monkeypatch.setattr(naming.Namer, "_verified", watched)
    monkeypatch.setattr("catalog.engine.search.find.search", lambda *_: [])  # an ordinary check would find some before
    answer = named(index, np.concatenate([chorus, another_tempo(piece(sounds[1]), 1.12), chorus]))
    assert sorted(match.track_id for match in answer.matches) == list(range(7))
    copies = [match for match in answer.matches if match.track_id < 6]
    assert [match.query_end_s > 2.5 * PIECE_S for match in copies] == [True] * 6
    before = looked_at[: looked_at.index(6)]
    assert sorted(set(before)) == list(range(6))
    assert len(before) <= 7, "one place of each, and what explains the second chorus"


@pytest.mark.slow
def test_silence_around_a_copy_counts_on_neither_side(index: FingerprintIndex, sounds: list[Samples]) -> None:
    silence = np.zeros(RATE, np.float32)
    best = named(index, np.concatenate([np.tile(silence, 15), sounds[4], np.tile(silence, 10)])).matches[0]
    assert (best.track_id, best.relation, best.verdict) == (4, "same", "duplicate")


@pytest.mark.slow
def test_nothing_is_named_in_what_no_track_is_in(index: FingerprintIndex) -> None:
    noise = np.random.default_rng(5).standard_normal(60 * RATE).astype(np.float32)
    assert named(index, noise).matches == ()


def test_an_answer_that_the_budget_ended_says_so(
    index: FingerprintIndex, sounds: list[Samples], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(budget, "LEAST_CPU_S", 0.0)
    query = Fingerprinter.of_samples(piece(sounds[0]))
    answer = find(query, index._catalog(), effort="everything", cpu_s_a_minute=0.0)
    assert not answer.is_complete


@pytest.mark.slow
def test_a_long_query_is_told_of_on_the_way(
    index: FingerprintIndex, sounds: list[Samples], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(naming, "PIECE_S", 30.0)
    told: list[tuple[float, int]] = []
    query = Fingerprinter.of_samples(np.concatenate([piece(song) for song in sounds[:3]]))
    find(
        query,
        index._catalog(),
        effort="everything",
        progress=lambda done_s, found: told.append((round(done_s), found)),
    )
    assert [done_s for done_s, _ in told] == [30, 60, round(query.duration_s)]
    assert told[-1][1] == 3
