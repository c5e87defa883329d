"""Damaged files, chained files and odd channels: all that can be read is read, and what cannot is said."""

import struct
from pathlib import Path

import numpy as np
import pytest

from catalog.engine import UnreadableAudio
from catalog.engine.audio.decoding import Decoding, probe
from catalog.engine.audio.info import AudioInfo
from tests.alterations import AUDIO, RATE, Samples, write

pytestmark = pytest.mark.slow
DAMAGED = AUDIO.parent / "damaged_audio"


def read(path: Path) -> tuple[Samples, AudioInfo]:
    """All samples, and what is said of them."""
    decoding = Decoding(path, RATE)
    samples = np.concatenate(list(decoding))
    assert decoding.info is not None
    return samples, decoding.info


def seconds(path: Path) -> float:
    """How much can be read."""
    return len(read(path)[0]) / RATE


@pytest.mark.parametrize(
    ("name", "most_s"), [("alac_one_byte.m4a", 0.19), ("aac_one_byte.aac", 0.05), ("m4a_one_byte.m4a", 0.05)]
)
def test_one_bad_packet_costs_itself_alone(name: str, most_s: float) -> None:
    samples, info = read(DAMAGED / name)
    assert len(samples) / RATE == pytest.approx(12.0, abs=most_s)
    assert info.skipped_places == 1
    assert 0.04 < info.skipped_s < most_s


@pytest.fixture
def ogg(songs: list[Path]) -> bytes:
    """30 s of Vorbis."""
    return next(path for path in songs if path.name == "battle-music.ogg").read_bytes()


def put(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


def test_zeros_behind_the_last_page(tmp_path: Path, ogg: bytes) -> None:
    samples, info = read(put(tmp_path / "zeros.ogg", ogg + bytes(65_536 * 3)))
    assert len(samples) == 30 * RATE
    assert (info.claimed_s, info.skipped_places, info.is_incomplete) == (30.0, 0, False)


@pytest.mark.parametrize("size", [1, 10_000, 80_000, 200_000])
def test_a_hole_costs_what_was_in_it(tmp_path: Path, ogg: bytes, size: int) -> None:
    hole = tmp_path / "hole.ogg"
    samples, info = read(put(hole, ogg[:100_000] + bytes(size) + ogg[100_000 + size :]))
    lost_s = 30 - len(samples) / RATE
    assert lost_s < 30 * size / len(ogg) + 1.0
    assert info.skipped_s == pytest.approx(lost_s, abs=0.05)
    assert info.skipped_places == 1


@pytest.fixture
def opus(tmp_path: Path, sounds: list[Samples]) -> bytes:
    """6 s of Opus."""
    return write(tmp_path / "link.ogg", sounds[0][: 6 * RATE], codec="libopus", rate=48_000).read_bytes()


def test_links_of_two_rates_are_read() -> None:
    samples, info = read(DAMAGED / "ogg_chain_two_rates.ogg")
    assert len(samples) == 20 * RATE
    assert (info.claimed_s, info.skipped_places) == (20.0, 0)


@pytest.mark.parametrize("kinds", [["vorbis", "opus"], ["opus", "vorbis", "opus"], ["opus", "opus"]], ids="-".join)
def test_every_link_of_a_chain_is_read(tmp_path: Path, ogg: bytes, opus: bytes, kinds: list[str]) -> None:
    path = put(tmp_path / "chain.ogg", b"".join(ogg if kind == "vorbis" else opus for kind in kinds))
    samples, info = read(path)
    expected_s = sum(30 if kind == "vorbis" else 6 for kind in kinds)
    assert len(samples) / RATE == pytest.approx(expected_s, abs=0.1)
    assert info.claimed_s == pytest.approx(expected_s, abs=0.1)
    assert probe(path).duration_s == info.claimed_s
    assert info.skipped_places == 0


def test_a_link_that_cannot_be_opened_is_passed_over(tmp_path: Path, ogg: bytes, opus: bytes) -> None:
    broken = bytearray(ogg)
    broken[58:12_000] = bytes(12_000 - 58)  # its other headers
    samples, info = read(put(tmp_path / "bad link.ogg", opus + broken + opus))
    assert 11.9 * RATE <= len(samples) < 36 * RATE
    assert info.skipped_places


@pytest.mark.parametrize(
    ("name", "codec", "rates"),
    [
        ("two.mp3", "libmp3lame", (44_100, 22_050)),
        ("two.aac", "aac", (44_100, 24_000)),
        ("two.flac", "flac", (44_100, 16_000)),
    ],
)
def test_files_of_two_rates_in_one(
    tmp_path: Path, sounds: list[Samples], name: str, codec: str, rates: tuple[int, int]
) -> None:
    pieces = [
        write(tmp_path / f"{rate}{name}", sounds[number][: 6 * RATE], codec=codec, rate=rate).read_bytes()
        for number, rate in enumerate(rates)
    ]
    assert seconds(put(tmp_path / name, b"".join(pieces))) == pytest.approx(12, abs=0.3)


@pytest.mark.parametrize(
    ("name", "codec", "hole"),
    [
        ("hole.m4a", "aac", 20_000),
        ("hole.aac", "aac", 20_000),
        ("hole.mp3", "libmp3lame", 20_000),
        ("hole.flac", "flac", 150_000),
        ("hole.m4a", "alac", 150_000),
    ],
)
def test_a_hole_of_zeros_inside(tmp_path: Path, sounds: list[Samples], name: str, codec: str, hole: int) -> None:
    data = write(tmp_path / name, sounds[0][: 20 * RATE], codec=codec, rate=44_100).read_bytes()
    middle = len(data) // 3
    samples, info = read(put(tmp_path / f"damaged-{name}", data[:middle] + bytes(hole) + data[middle + hole :]))
    assert len(samples) / RATE > 20 - 20 * hole / len(data) - 1.5
    assert info.skipped_places or info.is_incomplete or info.duration_s > 19.5


@pytest.mark.parametrize("tail", [b"LYRICSBEGININD00002111000019LYRICS200", bytes(5000), b"hello world " * 2000])
@pytest.mark.parametrize("name", ["elvish-theme.mp3", "song.aac", "song.flac"])
def test_what_stands_behind_the_last_frame_is_no_damage(
    tmp_path: Path, songs: list[Path], sounds: list[Samples], name: str, tail: bytes
) -> None:
    """Tags that nobody knows, padding, a page of text: 24 kB of it leads FFmpeg to guess an MP3's length anew."""
    path = next((song for song in songs if song.name == name), None)
    path = path or write(tmp_path / name, sounds[0][: 5 * RATE], codec=name[-4:].strip("."), rate=44_100)
    plain, _ = read(path)
    samples, info = read(put(tmp_path / "tailed", path.read_bytes() + tail + b"TAG" + bytes(125)))
    assert len(samples) == pytest.approx(len(plain), abs=0.1 * RATE)
    assert (info.skipped_places, info.is_incomplete) == (0, False)


def test_a_wav_from_a_pipe_promises_nothing(tmp_path: Path) -> None:
    path = wav(tmp_path / "piped.wav")
    data = path.read_bytes()
    for size in (0x7FFFF000, 0xFFFFFFFF):
        _, info = read(put(path, data.replace(data[40:44], struct.pack("<I", size), 1)))
        assert (info.claimed_s, info.is_incomplete) == (None, False)


def wav(path: Path, *, channels: int = 1, says_hz: int = RATE) -> Path:
    """Five seconds of tones, one for each channel, without a channel layout."""
    time = np.arange(5 * RATE)[:, None] / RATE
    tones = (6000 * np.sin(2 * np.pi * time * (200 + 37 * np.arange(channels)))).astype("<i2").tobytes()
    head = struct.pack("<HHIIHH", 1, channels, says_hz, says_hz * channels * 2 % 2**32, channels * 2, 16)
    chunks = b"WAVEfmt " + struct.pack("<I", 16) + head + b"data" + struct.pack("<I", len(tones)) + tones
    return put(path, b"RIFF" + struct.pack("<I", len(chunks)) + chunks)


@pytest.mark.parametrize("channels", [3, 6, 8, 9, 12, 24, 32, 64])
def test_channels_without_a_layout_are_mixed(tmp_path: Path, channels: int) -> None:
    samples, _ = read(wav(tmp_path / "many.wav", channels=channels))
    assert len(samples) == 5 * RATE


@pytest.mark.parametrize("channels", [9, 32, 64])
def test_each_channel_without_a_place_is_heard(tmp_path: Path, channels: int) -> None:
    samples, _ = read(wav(tmp_path / "many.wav", channels=channels))
    strength = np.abs(np.fft.rfft(samples))
    heard = [strength[round(5 * (200 + 37 * number))] for number in range(channels)]
    expected = 6000 / 32768 / channels * len(samples) / 2
    assert np.allclose(heard, expected, rtol=0.15)


@pytest.mark.parametrize(("says_hz", "words"), [(1, "1 Hz"), (400, "400 Hz"), (2**31 - 1, "2,147,483,647 Hz")])
def test_a_silly_sample_rate_is_named(tmp_path: Path, says_hz: int, words: str) -> None:
    with pytest.raises(UnreadableAudio, match=f"sample rate of {words}"):
        read(wav(tmp_path / "silly.wav", says_hz=says_hz))


def test_too_many_channels_are_named(tmp_path: Path) -> None:
    with pytest.raises(UnreadableAudio, match="100 channels"):
        read(wav(tmp_path / "many.wav", channels=100))
