"""The judge of naming counts as the docs say, joins keep their truth, and the peer's windows find what they hold."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from bench.audio import RATE
from bench.chromaprint import FRAME_S, References
from bench.corpus import HOLD_OUT, CorpusTrack
from bench.goals import Goal
from bench.naming import drawing, goals, peer
from bench.naming.compose import Composed, Range, joined, levelled
from bench.naming.drawing import Draw, NamedQuery
from bench.naming.judge import Told, by_kind, invented, judged, lost
from bench.naming.peer import Window, best_score, together, windows_of
from bench.naming.protocols import joined_prints
from bench.renderings import COPY, RELATED, reported_goal
from catalog.engine import Fingerprint
from tests.some import some

SONG = Range("song", 10.0, 30.0, 100.0, 120.0)
FAST = Range("fast", 30.0, 40.0, 0.0, 20.0, "tempo 2.000 1.000")


def tell(track: str, query: tuple[float, float], reference: tuple[float, float]) -> Told:
    return Told(track, *query, *reference)


def score_of(told: Sequence[Told], truth: Sequence[Range] = (SONG,)) -> tuple[float, float]:
    """Return the true seconds, of what is in the query and of what was told."""
    score = judged([truth], [told])
    return score.found_s, score.right_s


def test_a_right_answer_has_all_pairs_and_seconds() -> None:
    score = judged([(SONG, FAST)], [[tell("song", (10, 30), (100, 120)), tell("fast", (30, 40), (0, 20))]])
    assert score.recall == score.precision == (1.0, 1.0)
    assert (score.in_place, score.wrong_pairs) == (2, 0)


def test_seconds_are_true_where_both_files_agree() -> None:
    assert score_of([tell("song", (10, 30), (100, 120))]) == (20, 20)
    assert score_of([tell("song", (0, 20), (90, 110))]) == (10, 10)  # the query's range reaches too far
    assert score_of([tell("song", (10, 30), (115, 135))]) == (5, 5)  # the reference's lies elsewhere
    assert score_of([tell("song", (10, 30), (300, 320))]) == (0, 0)
    assert score_of([tell("other", (10, 30), (100, 120))]) == (0, 0)
    # 10 s of the query play 20 s of the reference: half of the reference's range is half of the query's
    assert score_of([tell("fast", (30, 40), (0, 10))], [FAST]) == (5, 5)


def test_a_second_counts_once_however_often_it_is_told() -> None:
    twice = [tell("song", (10, 30), (100, 120)), tell("song", (10, 30), (100, 120))]
    assert score_of(twice) == (20, 40)
    assert judged([[SONG]], [twice]).recall == (1.0, 1.0)
    assert score_of([tell("song", (10, 22), (100, 112)), tell("song", (18, 30), (108, 120))])[0] == 20


def test_a_wrong_place_is_a_pair_and_not_in_place() -> None:
    score = judged([[SONG]], [[tell("song", (10, 30), (102, 122))]])
    assert (score.found_pairs, score.in_place) == (1, 0)
    assert judged([[SONG]], [[tell("song", (12, 28), (103, 119))]]).in_place == 1


def test_what_is_lost_and_what_is_invented() -> None:
    told = [tell("song", (10, 30), (100, 120)), tell("stranger", (0, 10), (0, 10))]
    assert lost([SONG, FAST], told) == [FAST]
    assert invented([SONG, FAST], told) == [told[1]]
    score = judged([(SONG, FAST)], [told])
    assert score.recall[0] == score.precision[0] == 0.5
    assert by_kind([(SONG, FAST)], [told]) == {"plain": (1, 1), "tempo": (0, 1)}


def test_a_relative_counts_by_the_querys_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bench.relatives.families", lambda: {"song": "song", "the short version": "song"})
    told = [tell("the short version", (10, 25), (0, 15))]
    assert score_of(told) == (15, 15)
    assert judged([[SONG]], [told]).precision == (1.0, 1.0)


def test_nothing_told_loses_recall_and_not_precision() -> None:
    score = judged([[SONG]], [[]])
    assert (score.recall, score.precision) == ((0.0, 0.0), (1.0, 1.0))


def test_goals_of_segments_tell_what_is_missed() -> None:
    right = judged([[SONG]], [[tell("song", (10, 30), (100, 120))]])
    wrong = judged([[SONG]], [[tell("stranger", (10, 30), (100, 120))]])
    for quick in (True, False):
        assert all(goal.met for goal in some(goals.segments("hard", right, quick=quick)))
        assert not any(goal.met for goal in some(goals.segments("hard", wrong, quick=quick)))
    assert goals.every("named", 0, 0) == Goal("named: all", "0 of 0", met=False)  # nothing asked is nothing shown


def tone(seconds: float, hz: float) -> np.ndarray:
    mono = np.sin(2 * np.pi * hz * np.arange(round(seconds * RATE)) / RATE).astype(np.float32)
    return levelled(np.stack([mono, mono]))


def test_joined_pieces_keep_the_truth_of_their_places() -> None:
    pieces = [Composed(tone(s, hz), (Range(name, 0, s, 5, 5 + s),)) for name, s, hz in (("a", 4, 300), ("b", 6, 900))]
    made = joined(pieces, [1.0], fade=[True])
    assert made.truth == (Range("a", 0, 4, 5, 9), Range("b", 3, 9, 5, 11))
    assert made.samples.shape == (2, 9 * RATE)

    def loudness(start_s: float, end_s: float, hz: float) -> float:
        stretch = made.samples[0, round(start_s * RATE) : round(end_s * RATE)]
        spectrum = np.abs(np.fft.rfft(stretch))
        return float(spectrum[round(hz * (end_s - start_s))] / len(stretch))

    assert loudness(0, 3, 300) == pytest.approx(loudness(4, 9, 900), rel=0.02)
    assert loudness(0, 3, 900) < 1e-3
    assert loudness(4, 9, 300) < 1e-3
    assert 0 < loudness(3, 4, 300) < loudness(0, 3, 300)  # it fades where the other comes in


def test_plain_joins_and_overlaps_do_not_fade() -> None:
    pieces = [Composed(tone(2, 300), ()), Composed(tone(2, 300), ())]
    assert joined(pieces, [0.0], fade=[False]).samples.shape[1] == 4 * RATE
    over = joined(pieces, [1.0], fade=[False]).samples
    assert np.abs(over[0, RATE : 2 * RATE]).max() == pytest.approx(2 * np.abs(over[0, :RATE]).max(), rel=0.01)


def test_levels_are_common() -> None:
    for loud in (0.01, 1.0):
        assert float(np.sqrt((levelled(tone(1, 440) * loud) ** 2).mean())) == pytest.approx(0.08, rel=1e-3)


def track(number: int, seconds: float = 100.0) -> CorpusTrack:
    return CorpusTrack(f"package/{number}", "package", Path(f"{number}.ogg"), seconds)


def test_another_seed_draws_other_tracks_and_sounds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drawing, "FOLDER", tmp_path)
    tracks = tuple(track(number, 50.0 + number) for number in range(30))
    one, other = Draw("tuning", tracks), Draw("tuning", tracks, seed=7)
    assert [t.name for t in one.chosen("mix", 60)] == [t.name for t in one.chosen("mix", 60)]
    assert [t.name for t in one.chosen("mix", 60)] != [t.name for t in other.chosen("mix", 60)]
    assert all(60 < t.duration_s < 70 for t in some(one.chosen("mix", 60, 70)))

    made = []

    def make(rng: np.random.Generator) -> Composed:
        made.append(float(rng.uniform()))
        return Composed(tone(0.5, 440), (SONG,))

    first = one.kept("query", make)
    assert one.kept("query", make) == first  # kept, not made again
    assert other.kept("query", make).path != first.path
    assert len(set(made)) == len(made) == 2
    assert first.truth == (SONG,)


def test_the_hold_outs_queries_are_drawn_anew_once_a_track_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(drawing, "FOLDER", tmp_path)
    tracks = tuple(track(number) for number in range(3))
    paths = [
        Draw(HOLD_OUT, some).kept("query", lambda _: Composed(tone(0.5, 440), ())).path for some in (tracks, tracks[1:])
    ]
    assert paths[0] != paths[1]


def test_a_query_that_broke_off_is_made_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drawing, "FOLDER", tmp_path)
    draw = Draw("tuning", ())
    whole = draw.kept("query", lambda _: Composed(tone(0.5, 440), ()))
    whole.path.with_suffix(".json").unlink()
    assert draw.kept("query", lambda _: Composed(tone(0.5, 440), (SONG,))).truth == (SONG,)


def test_prints_are_joined_as_their_recordings_would_be() -> None:
    one, other = (Fingerprint(np.full((n, 72), n % 16, np.uint8), n * 0.064) for n in (100, 50))
    both = joined_prints([one, other])
    assert both.duration_s == pytest.approx(150 * 0.064)
    assert np.array_equal(both.levels[100:], other.levels)


@pytest.fixture(scope="module")
def references() -> References:
    rng = np.random.default_rng(3)
    prints = [rng.integers(0, 1 << 32, n, dtype=np.uint32) for n in (900, 700, 800)]
    return References.of_prints(["first", "second", "third"], prints)


def test_a_window_names_the_place_it_is_taken_from(references: References) -> None:
    start = references.first_frame(1) + 200
    windows = windows_of(references, references.frames[start : start + 300])
    assert {window.told.track for window in windows} == {"second"}
    assert all(window.bits == 1.0 for window in some(windows))
    joined_windows = together([window.told for window in windows])
    assert len(joined_windows) == 1
    assert joined_windows[0].reference_start_s == pytest.approx(200 * FRAME_S)
    assert joined_windows[0].query_end_s > 30


def test_no_window_runs_over_two_references(references: References) -> None:
    bits = references.equal_bits(references.frames[880:960], 2, 80)
    assert bits[880] == -1
    assert bits.max() < 0.7


def test_windows_of_a_query_shorter_than_one(references: References) -> None:
    windows = windows_of(references, references.frames[100:140])
    assert [(window.told.track, window.bits) for window in windows] == [("first", 1.0)]
    assert windows_of(References.of_prints([], []), references.frames[:40]) == []


def test_windows_are_joined_along_one_line_only() -> None:
    told = [tell("a", (0, 10), (50, 60)), tell("a", (5, 15), (55, 65)), tell("a", (10, 20), (10, 20))]
    assert together(told) == [tell("a", (0, 15), (50, 65)), tell("a", (10, 20), (10, 20))]
    assert len(together([tell("a", (0, 10), (0, 10)), tell("a", (30, 40), (30, 40))])) == 2  # too far apart


def test_the_peers_threshold_is_the_lowest_that_is_precise() -> None:
    queries = [NamedQuery("query", Path("query.flac"), (SONG, FAST))]
    windows = [
        [
            Window(tell("song", (10, 20), (100, 110)), 0.90),
            Window(tell("stranger", (0, 10), (0, 10)), 0.698),
            Window(tell("fast", (30, 40), (0, 10)), 0.65),
        ]
    ]
    threshold, score = best_score(queries, windows)
    assert threshold == pytest.approx(0.70)
    assert (score.found_pairs, score.wrong_pairs) == (1, 0)


def test_a_missing_peer_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda _: None)
    assert "left out" in peer.line([track(1)], [])


@pytest.mark.parametrize(("copies", "met"), [(0, True), (5, True), (6, False)])
def test_few_renderings_may_be_copies(copies: int, met: bool) -> None:
    told = [COPY] * copies + [RELATED] * 3 + ["nothing"] * (118 - 3 - copies)
    goal = reported_goal(told)
    assert goal.met is met
    assert goal.reached == f"{copies} of 118; 3 told as related"
    assert not reported_goal([]).met
