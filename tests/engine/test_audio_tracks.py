"""Files with several audio tracks: the default one is read, and where that is silent another that is not."""

from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from catalog.engine import UnreadableAudio
from catalog.engine.audio.decoding import Decoding, probe
from catalog.engine.audio.info import AudioInfo
from tests.alterations import RATE, Samples

pytestmark = pytest.mark.slow
KINDS = [("song.mp4", "aac"), ("song.mka", "libopus"), ("song.mkv", "pcm_s16le")]
SECONDS = 6


def write_tracks(path: Path, tracks: list[Samples], *, default: int | None, codec: str) -> Path:
    with av.open(str(path), "w") as out:
        streams: list[Any] = [out.add_stream(codec, rate=48_000, layout="mono") for _ in tracks]
        for number, stream in enumerate(streams):
            stream.disposition = int(number == default)
        for stream, track in zip(streams, tracks, strict=True):
            frame = av.AudioFrame.from_ndarray((track[None] * 30_000).astype(np.int16), format="s16", layout="mono")
            frame.sample_rate = RATE
            out.mux(stream.encode(frame))
            out.mux(stream.encode(None))
    return path


def read(path: Path) -> tuple[Samples, AudioInfo]:
    decoding = Decoding(path, RATE)
    samples = np.concatenate(list(decoding))
    assert decoding.info is not None
    return samples, decoding.info


def likeness(one: Samples, other: Samples) -> float:
    size = 1 << 18
    cross = np.fft.irfft(np.fft.rfft(one, size) * np.conj(np.fft.rfft(other, size)))
    return float(cross.max() / (np.linalg.norm(one) * np.linalg.norm(other)))


@pytest.fixture
def tracks(sounds: list[Samples]) -> list[Samples]:
    return [sound[: SECONDS * RATE] for sound in sounds[:3]]


@pytest.mark.parametrize(("name", "codec"), KINDS)
@pytest.mark.parametrize("default", [0, 1, 2])
def test_the_default_track_is_read(tmp_path: Path, tracks: list[Samples], name: str, codec: str, default: int) -> None:
    path = write_tracks(tmp_path / name, tracks, default=default, codec=codec)
    samples, info = read(path)
    assert (info.tracks, info.track, info.default_track) == (3, default + 1, default + 1)
    assert probe(path).track == default + 1
    assert likeness(samples, tracks[default]) > 0.9


@pytest.mark.parametrize(("name", "codec"), KINDS)
@pytest.mark.parametrize("level", [0.0, 0.0002, 0.3], ids=["zeros", "faint noise", "a level"])
def test_where_the_default_is_silent_another_is_read(
    tmp_path: Path, tracks: list[Samples], name: str, codec: str, level: float
) -> None:
    """A constant level is silence too, and so is noise at -74 dB."""
    silence = np.zeros(SECONDS * RATE, np.float32) + np.float32(level)
    if level == 0.3 and codec != "pcm_s16le":
        pytest.skip("these encoders take a level for a click at its start and end")
    if level == 0.0002:
        silence = silence * np.random.default_rng(1).choice([-1, 1], len(silence)).astype(np.float32)
    path = write_tracks(tmp_path / name, [silence, silence, tracks[2]], default=0, codec=codec)
    samples, info = read(path)
    assert (info.tracks, info.track, info.default_track) == (3, 3, 1)
    assert len(samples) == pytest.approx(SECONDS * RATE, abs=2000)
    assert likeness(samples, tracks[2]) > 0.9


def test_where_all_are_silent_the_default_is_read(tmp_path: Path) -> None:
    silence = np.zeros(SECONDS * RATE, np.float32)
    path = write_tracks(tmp_path / "song.mp4", [silence, silence], default=1, codec="aac")
    _, info = read(path)
    assert (info.track, info.default_track) == (2, 2)


def test_a_codec_that_nobody_knows_is_said(tmp_path: Path, tracks: list[Samples]) -> None:
    path = write_tracks(tmp_path / "song.mp4", tracks[:1], default=0, codec="aac")
    path.write_bytes(path.read_bytes().replace(b"mp4a", b"zzzz", 1).replace(b"esds", b"zzzz", 1))
    with pytest.raises(UnreadableAudio, match="is not supported"):
        probe(path)
    with pytest.raises(UnreadableAudio, match="is not supported"):
        read(path)


def test_a_default_that_cannot_be_read_gives_way(tmp_path: Path, tracks: list[Samples]) -> None:
    path = write_tracks(tmp_path / "song.mp4", tracks[:2], default=0, codec="aac")
    data = path.read_bytes()
    path.write_bytes(data.replace(b"mp4a", b"zzzz", 1).replace(b"esds", b"zzzz", 1))
    samples, info = read(path)
    assert (info.tracks, info.track, probe(path).track) == (2, 2, 2)
    assert likeness(samples, tracks[1]) > 0.9
