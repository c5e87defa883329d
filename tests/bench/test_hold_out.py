"""The split that decides is opened once: by one command, with its result written down, and what was read leaves it."""

import json
import subprocess
from pathlib import Path

import numpy as np
import pytest

from bench import chromaprint, corpus, hold_out, queries, relatives
from bench.hold_out import RefusedError, look, lost_of, opened
from tests.some import some

GOALS = ["some table | of figures |", "A, hard: recall of pairs >= 97.0% | 97.5% | met", "no goal"]
NAMES = ("one.ogg", "other.ogg")


@pytest.fixture(autouse=True)
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository of its own, with a hold-out of two tracks and benches that reach ``GOALS``."""
    root = tmp_path / "repository"
    root.mkdir()
    monkeypatch.setattr(corpus, "CORPUS", tmp_path / "corpus")
    monkeypatch.setattr(corpus, "LOOKED_AT", root / "looked_at.json")
    monkeypatch.setattr(hold_out, "LOG", root / "hold-out.md")
    monkeypatch.setattr(hold_out, "FOLDER", tmp_path / "out")
    monkeypatch.setattr(hold_out, "FULL", tmp_path / "out" / "full.txt")
    monkeypatch.setattr(hold_out, "_measure", lambda: GOALS)
    monkeypatch.delenv(corpus.OPENED_BY, raising=False)
    for package in (*corpus.HOLD_OUT_PACKAGES, corpus.TUNING[0]):
        names = NAMES if package == corpus.HOLD_OUT_PACKAGES[0] else (f"{package}.ogg",)
        rows = [
            {"file": f"000-{name}", "source": name, "sha256": f"{package}{name}", "duration_s": 60.0} for name in names
        ]
        folder = corpus.CORPUS / package
        folder.mkdir(parents=True)
        (folder / "manifest.json").write_text(json.dumps({"tracks": rows}))
    git(root, "init", "-q")
    commit(root, "first")
    return root


def git(root: Path, *arguments: str) -> str:
    identity = ["-c", "user.name=a", "-c", "user.email=a@example.org"]
    return subprocess.run(["git", *identity, *arguments], cwd=root, check=True, capture_output=True, text=True).stdout


def commit(root: Path, text: str) -> str:
    (root / "engine.py").write_text(text)
    git(root, "add", "-A")
    git(root, "commit", "-qm", text)
    return git(root, "rev-parse", "HEAD").strip()


def names(split: str) -> set[str]:
    return {track.path.name.removeprefix("000-") for track in corpus.tracks(split)}


def test_opening_writes_date_commit_and_goals(repository: Path) -> None:
    assert opened() == 0
    log = hold_out.LOG.read_text()
    assert f"commit {git(repository, 'rev-parse', 'HEAD').strip()}" in log
    assert log.count("| met") == 1
    assert "11 tracks" in log


def test_it_is_not_opened_twice_on_a_commit_or_an_engine(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened()
    with pytest.raises(RefusedError, match="not committed"):
        opened()
    commit(repository, "only the log is new")
    with pytest.raises(RefusedError, match="this very engine"):
        opened()
    monkeypatch.setattr(hold_out, "ENGINE_DIGEST", "another")
    assert opened() == 0


def test_a_commit_that_was_opened_stays_closed() -> None:
    with pytest.raises(RefusedError, match="already"):
        hold_out.refuse("## 2026-01-01, commit abc, engine one\n", "abc", "two", "")


def test_an_opening_that_broke_off_counts(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def breaks() -> list[str]:
        raise KeyboardInterrupt

    monkeypatch.setattr(hold_out, "_measure", breaks)
    with pytest.raises(KeyboardInterrupt):
        opened()
    assert "commit" in hold_out.LOG.read_text()
    monkeypatch.setattr(hold_out, "_measure", list)
    commit(repository, "again")
    monkeypatch.setattr(hold_out, "ENGINE_DIGEST", "another")
    assert opened() == 1
    assert "broke off" in hold_out.LOG.read_text()


def test_no_other_command_opens_it() -> None:
    with pytest.raises(SystemExit, match=r"bench\.hold_out"):
        corpus.tracks(corpus.HOLD_OUT)
    assert names("tuning") == {f"{corpus.TUNING[0]}.ogg"}


def test_who_looks_moves_the_recordings_to_tuning(monkeypatch: pytest.MonkeyPatch) -> None:
    lost = ["  lost in hold-out-1-hard-0: colobot-common-sounds/one.ogg at 5 s"]
    assert "Moved to tuning: colobot-common-sounds/one.ogg" in look(1, lost)
    assert "one.ogg" not in names(corpus.HOLD_OUT)
    assert "other.ogg" in names(corpus.HOLD_OUT)
    assert "one.ogg" in names("tuning")
    with pytest.raises(RefusedError, match="1 lost"):
        look(2, lost)


def test_lost_queries_are_told_from_output_and_table() -> None:
    row = {"key": "clean|5 s|a", "track": "a", "reported": "a", "verdict": "duplicate"}
    negative = {"key": "negative", "track": "", "reported": "", "verdict": "none"}
    rows = [row, row | {"reported": "b"}, negative, negative | {"reported": "c", "verdict": "contains"}]
    lost = lost_of([*GOALS, "  lost in q: a at 3 s"], rows)
    assert len(lost) == 3
    assert "reported b" in lost[1]
    assert "of nothing, reported c" in lost[2]


def test_the_hold_out_is_asked_among_the_music_of_the_test(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(corpus.OPENED_BY, "test")
    indexed = {
        track.path.name.removeprefix("000-") for track in queries.indexed_tracks(corpus.HOLD_OUT, distractors=True)
    }
    assert f"{corpus.TUNING[0]}.ogg" in indexed
    assert indexed & names(corpus.HOLD_OUT)
    assert not {track.path.name[4:] for track in queries.negative_tracks(corpus.HOLD_OUT)} & indexed


def test_new_relatives_join_the_stored_ones(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The pairs of music that is not on this disk stay."""
    same = np.random.default_rng(1).integers(0, 1 << 32, 400, dtype=np.uint32)
    other = np.random.default_rng(2).integers(0, 1 << 32, 400, dtype=np.uint32)
    prints = {"000-one.ogg": same, "000-other.ogg": same}
    monkeypatch.setattr(chromaprint, "raw_print", lambda path: prints.get(path.name, other))
    monkeypatch.setattr(relatives, "FILE", tmp_path / "relatives.json")
    relatives.FILE.write_text(json.dumps([["a", "b", 0.9]]))
    monkeypatch.setattr("sys.argv", ["relatives", corpus.HOLD_OUT])
    monkeypatch.setenv(corpus.OPENED_BY, "test")
    relatives.main()
    pairs = [(one, two) for one, two, _ in json.loads(relatives.FILE.read_text())]
    assert ("a", "b") in pairs
    assert ("colobot-common-sounds/one.ogg", "colobot-common-sounds/other.ogg") in pairs
    assert not any("xmoto" in one and "one.ogg" in two for one, two in some(pairs))
