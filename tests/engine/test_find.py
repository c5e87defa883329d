"""One question, two efforts: each match has its relation, by shares of what sounds, and the closest comes first."""

from dataclasses import replace

import numpy as np
import pytest

from catalog.engine import Fingerprinter, FingerprintIndex, Match
from catalog.engine.search.find import LEFT_OPEN_S, Wanted, find
from catalog.engine.search.relation import Shares, closeness, relation_of, verdict_of
from tests.alterations import RATE, Samples, another_tempo, noisy
from tests.some import some


def asked(index: FingerprintIndex, samples: Samples) -> list[Match]:
    return index.search(Fingerprinter.of_samples(samples.astype(np.float32)))


def silence(seconds: float) -> Samples:
    return np.zeros(int(seconds * RATE), np.float32)


def test_an_ordinary_check_says_what_the_two_are_to_each_other(index: FingerprintIndex, sounds: list[Samples]) -> None:
    whole, part = asked(index, sounds[3]), asked(index, sounds[3][8 * RATE : 20 * RATE])
    assert [(m.track_id, m.relation, m.verdict) for m in whole] == [(3, "identical", "duplicate")]
    assert [(m.track_id, m.relation, m.verdict) for m in part] == [(3, "excerpt", "duplicate")]
    assert [(m.track_id, m.relation) for m in asked(index, noisy(sounds[3], 20))] == [(3, "same")]


@pytest.mark.slow
@pytest.mark.parametrize(("before_s", "after_s"), [(15, 10), (40, 0), (0, 40)])
def test_silence_counts_on_neither_side(
    index: FingerprintIndex, sounds: list[Samples], before_s: float, after_s: float
) -> None:
    excerpt = sounds[5][2 * RATE : 26 * RATE]
    [match] = asked(index, np.concatenate([silence(before_s), excerpt, silence(after_s)]))
    assert (match.track_id, match.verdict) == (5, "duplicate")
    assert match.query_coverage > 0.9


@pytest.mark.slow
@pytest.mark.parametrize("hz", [0.0, 50.0, 440.0], ids=["DC", "hum", "tone"])
def test_a_steady_tone_counts_on_neither_side(index: FingerprintIndex, sounds: list[Samples], hz: float) -> None:
    tone = (0.05 * np.cos(2 * np.pi * hz * np.arange(25 * RATE) / RATE)).astype(np.float32)
    [match] = asked(index, np.concatenate([tone, sounds[2][2 * RATE : 26 * RATE]]))
    assert (match.track_id, match.verdict) == (2, "duplicate")
    assert match.query_coverage > 0.9


def test_a_copy_is_the_song_and_not_the_mix_that_holds_it(sounds: list[Samples]) -> None:
    """The mix was added first and holds all of the song."""
    index = FingerprintIndex()
    index.add(1, Fingerprinter.of_samples(np.concatenate([sounds[6], sounds[7], sounds[8]])))
    index.add(2, Fingerprinter.of_samples(sounds[7]))
    assert [(m.track_id, m.relation) for m in asked(index, noisy(sounds[7], 25))] == [(2, "same"), (1, "excerpt")]


@pytest.mark.slow
def test_a_mix_is_no_copy_of_what_is_in_it(index: FingerprintIndex, sounds: list[Samples]) -> None:
    """Six songs, some of them faster."""
    pieces = [song[2 * RATE : 22 * RATE] for song in sounds[:6]]
    mix = np.concatenate([another_tempo(piece, 1.04) if n % 2 else piece for n, piece in enumerate(pieces)])
    answer = index.find(Fingerprinter.of_samples(mix.astype(np.float32)))
    assert sorted(match.track_id for match in answer.matches) == [0, 1, 2, 3, 4, 5]
    assert not any(match.is_duplicate for match in some(answer.matches))


def test_what_a_match_leaves_is_looked_at_again(sounds: list[Samples]) -> None:
    index = FingerprintIndex()
    index.add(1, Fingerprinter.of_samples(sounds[0]))
    assert index.find(Fingerprinter.of_samples(np.concatenate([sounds[0], sounds[1]]))).effort == "everything"


@pytest.mark.slow
def test_what_is_explained_is_not_looked_at_again(index: FingerprintIndex, sounds: list[Samples]) -> None:
    joined = np.concatenate([sounds[4], noisy(np.zeros(int((LEFT_OPEN_S - 3) * RATE), np.float32) + 1e-3, 0)])
    for samples in (sounds[4], joined, np.random.default_rng(5).standard_normal(30 * RATE) * 0.1):
        assert index.find(Fingerprinter.of_samples(samples.astype(np.float32))).effort == "known"


@pytest.mark.slow
def test_how_hard_to_look_can_be_asked_for(index: FingerprintIndex, sounds: list[Samples]) -> None:
    mix = Fingerprinter.of_samples(np.concatenate([song[2 * RATE : 22 * RATE] for song in sounds[:3]]))
    known, everything = (index.find(mix, effort=effort) for effort in ("known", "everything"))
    assert (known.effort, everything.effort) == ("known", "everything")
    assert len(everything.matches) == 3 >= len(known.matches) >= 1


def test_a_limit_keeps_the_closest(sounds: list[Samples]) -> None:
    index = FingerprintIndex()
    for number in range(4):
        index.add(number, Fingerprinter.of_samples(noisy(sounds[0], 30, seed=number)))
    index.add(9, Fingerprinter.of_samples(sounds[0]))
    answer = find(Fingerprinter.of_samples(sounds[0]), index._catalog(), wanted=Wanted(limit=2))
    assert [match.relation for match in answer.matches] == ["identical", "same"]
    assert answer.matches[0].track_id == 9


@pytest.mark.parametrize(
    ("asked_share", "held_share", "relation", "is_duplicate"),
    [
        (0.9, 0.9, "same", True),
        (0.9, 0.1, "excerpt", True),
        (0.5, 0.9, "contains", True),
        (0.1, 0.9, "contains", False),
        (0.7, 0.7, "overlap", False),
    ],
)
def test_shares_say_the_relation(asked_share: float, held_share: float, relation: str, *, is_duplicate: bool) -> None:
    shares = Shares(whole=0.8, joined=0.2)
    found = relation_of(asked_share, held_share, shares)
    assert found == relation
    assert (verdict_of(found, asked_share, shares) == "duplicate") == is_duplicate


def test_what_shares_make_a_copy_is_the_callers_to_say() -> None:
    assert relation_of(0.7, 0.7, Shares(whole=0.6)) == "same"
    assert verdict_of("contains", 0.3, Shares(joined=0.4)) == "contains"


def test_the_closest_is_first_by_relation_then_shares_then_score_then_age(
    index: FingerprintIndex, sounds: list[Samples]
) -> None:
    [one] = asked(index, noisy(sounds[1], 25))
    ordered = [
        replace(one, relation="identical"),
        replace(one, relation="same", query_coverage=0.95, reference_coverage=0.95, score=5.0),
        replace(one, relation="same", query_coverage=0.85, reference_coverage=0.99, score=50.0, track_id=1),
        replace(one, relation="same", query_coverage=0.85, reference_coverage=0.99, score=50.0, track_id=2),
        replace(one, relation="same", query_coverage=0.85, reference_coverage=0.99, score=40.0, track_id=0),
        replace(one, relation="excerpt", query_coverage=1.0, reference_coverage=0.5),
    ]
    assert sorted(set(ordered), key=closeness) == ordered
