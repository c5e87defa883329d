"""The protocols of naming on real recordings: what they make, ask and count. No timing, and no tool from Debian."""

import shutil
from pathlib import Path

import pytest

from bench import prints
from bench.corpus import CorpusTrack
from bench.naming import copies, cost, drawing, mixes, protocols, shared, silence
from bench.naming.catalog import Catalog
from bench.naming.drawing import Draw
from bench.naming.protocols import Run

pytestmark = [pytest.mark.slow, pytest.mark.no_database]
AUDIO = Path(__file__).parent.parent / "audio"
NAMES = ("battle-music.ogg", "elvish-theme.mp3", "forest-dance.mp3", "hill-of-sorrows.mp3", "palace.mp3")


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """A corpus of five recordings of half a minute, all of them references."""
    monkeypatch.setattr(prints, "CACHE", tmp_path)
    monkeypatch.setattr(drawing, "FOLDER", tmp_path / "naming")
    tracks = []
    for name in NAMES:
        shutil.copy(AUDIO / name, tmp_path / name)
        tracks.append(CorpusTrack(f"audio/{name}", "audio", tmp_path / name, 30.0))
    monkeypatch.setattr(protocols, "_indexed", Catalog.of)
    return Run(Draw("tuning", tuple(tracks)), tuple(tracks), (), quick=True, chunks=None, workers=1)


def test_copies_are_named_and_taken_out_again(run: Run) -> None:
    first, *others = run.draw.tracks
    catalog = Catalog.of(others, 1)
    held = copies.copies(run.draw, first, 3)
    query = drawing.NamedQuery(first.name, first.path, ())
    with catalog.holding({one.name: one.path for one in held}):
        assert {name for name, _ in catalog.ask(query).copies} == {one.name for one in held}
    assert catalog.ask(query).copies == []


def test_the_song_comes_before_its_compilation(run: Run) -> None:
    song = run.draw.tracks[0]
    catalog = run.catalog
    with catalog.holding({"the compilation": copies.compilation(run.draw, run.draw.tracks[:3]).path}):
        found = catalog.ask(copies.encoded(run.draw, song)[1])
    assert [name for name, _ in found.copies] == [song.name, "the compilation"]
    assert found.copies[0][1].is_duplicate
    assert {one.track for one in found.told} == {song.name, "the compilation"}


def test_a_compilation_is_told_as_it_was_joined(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    query = copies.compilation(run.draw, run.draw.tracks[:3])
    score, cpu_s = protocols._asked("the label", run, [query])
    assert (score.found_pairs, score.in_place, score.wrong_pairs) == (3, 3, 0)
    assert min(score.recall[1], score.precision[1]) > 0.9
    assert cpu_s > 0
    assert "the label: 3 of 3 pairs" in capsys.readouterr().out


@pytest.mark.parametrize("kind", silence.STEADY)
def test_steady_sounds_are_steady(run: Run, kind: str) -> None:
    query = silence.steady(run.draw, kind, 6.0)
    assert query.truth == ()
    assert run.catalog.ask(query).matches == ()


def test_padding_moves_the_truth(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(silence, "EXCERPT_S", 15.0)
    for query in silence.padded(run.draw, 2):  # the second goes through a codec
        (truth,) = query.truth
        assert truth.query_start_s == silence.BEFORE_S
        (name, match), *_ = run.catalog.ask(query).copies
        assert name == truth.track
        assert match.query_start_s == pytest.approx(truth.query_start_s, abs=1.5)
        assert match.reference_start_s == pytest.approx(truth.reference_start_s, abs=1.5)


def test_shared_material_is_the_same_on_both_sides(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shared, "MUSIC_S", 15.0)
    cases = shared.shared(run.draw, 1)
    assert [case.kind for case in cases] == ["jingle", "loop, alone at first", "loop under it"]
    for case in cases[:2]:
        catalog = Catalog()
        catalog.add("held", prints.print_of(case.held.path).fingerprint)
        ((_, match),) = catalog.ask(case.asked).copies
        assert match.query_end_s < case.alone_s + 6
        assert not match.is_duplicate


def test_what_a_search_costs_is_measured(run: Run) -> None:
    told = cost.measure(run, cost.ALL_KNOWN, 1.0)
    assert (told.named, told.is_complete) == (2, True)
    assert told.cpu_s > 0
    assert 0 <= told.mb < told.peak_mb


def test_a_minute_is_the_only_known_one(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mixes, "EXCERPT_S", 15.0)
    music = Run(run.draw, (), run.draw.tracks, quick=True, chunks=None, workers=1)
    catalog, query, name = protocols.one_known_minute(music, 2.0)
    assert 90 < query.duration_s < 150
    assert [found for found, _ in catalog.ask(query, "everything").copies] == [name]
