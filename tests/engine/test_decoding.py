"""Every format decodes; nothing a file does reaches this process but samples or a clear error."""

from pathlib import Path

import numpy as np
import pytest

from catalog.engine import (
    DecodeCrashed,
    DecodeLimits,
    DecodeTimeout,
    Fingerprinter,
    FingerprintError,
    TooLong,
    TooShort,
    UnreadableAudio,
)
from catalog.engine.audio.decoding import decode_mono, probe, to_mono
from tests.alterations import RATE, Samples, write

FORMATS = [
    ("song.wav", "pcm_s16le", RATE),
    ("song.flac", "flac", RATE),
    ("song.mp3", "libmp3lame", RATE),
    ("song.opus", "libopus", 48_000),
    ("song.m4a", "aac", 44_100),
    ("song.aac", "aac", 44_100),
]


@pytest.mark.slow
@pytest.mark.parametrize(("name", "codec", "rate"), FORMATS)
def test_format_decodes_to_the_same_sound(
    tmp_path: Path, sounds: list[Samples], name: str, codec: str, rate: int
) -> None:
    original = sounds[0][: 6 * RATE]
    path = write(tmp_path / name, original, codec=codec, rate=rate)

    back = decode_mono(path, RATE)

    assert len(back) == pytest.approx(len(original), abs=0.15 * RATE)
    size = 1 << 18
    cross = np.fft.irfft(np.fft.rfft(back, size) * np.conj(np.fft.rfft(original, size)))
    energy = np.linalg.norm(back) * np.linalg.norm(original)
    assert cross.max() / energy > 0.9


def test_probe_says_what_the_file_is(tmp_path: Path, sounds: list[Samples]) -> None:
    path = write(tmp_path / "song.flac", np.stack([sounds[0], sounds[0]]), codec="flac")

    info = probe(path)

    assert (info.container, info.codec, info.sample_rate, info.channels) == ("flac", "flac", RATE, 2)
    assert info.duration_s == pytest.approx(len(sounds[0]) / RATE, abs=0.1)


def test_an_inverted_channel_is_turned_over_again(sounds: list[Samples]) -> None:
    """Left and right share a little more than half of what they play."""
    one, other = (np.clip(sound[: 3 * RATE], -1, 1) * 16000 for sound in sounds[:2])
    left, right = (np.round(one + 0.6 * part * other).astype(np.int16) for part in (1, -1))
    plain = to_mono(np.stack([left, right], axis=1))
    assert np.allclose(plain, (left.astype(float) + right) / 65536, atol=1e-6)
    assert np.allclose(to_mono(np.stack([left, -right], axis=1)), plain, atol=1e-6)
    as_it_is = to_mono(np.stack([left, -right], axis=1), turn_over=False)
    assert np.allclose(as_it_is, (left.astype(np.float32) - right) / 65536, atol=1e-6)
    assert np.allclose(to_mono(np.stack([-left, right], axis=1)), -plain, atol=1e-6)


def test_channels_that_share_nothing_are_added(sounds: list[Samples]) -> None:
    """Silence on one side, and two songs at once."""
    one, other = ((np.clip(sound[: 3 * RATE], -1, 1) * 16000).astype(np.int16) for sound in sounds[:2])
    for left, right in ((one, 0 * one), (0 * one, one), (one, other), (0 * one, 0 * one)):
        expected = (left.astype(float) + right) / 65536
        assert np.allclose(to_mono(np.stack([left, right], axis=1)), expected, atol=1e-6)


@pytest.mark.slow
@pytest.mark.parametrize(
    "content",
    [b"", b"\x00", b"\x00" * 5000, b"<html><body>not found</body></html>" * 50, b"ID3\x04" + b"\xff" * 4000],
    ids=["empty", "one byte", "zeros", "html", "broken mp3"],
)
def test_what_is_not_audio_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "song.mp3"
    path.write_bytes(content)
    with pytest.raises(UnreadableAudio if b"\xff" not in content else FingerprintError):
        decode_mono(path, RATE)


def test_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnreadableAudio, match=r"nothing\.mp3"):
        decode_mono(tmp_path / "nothing.mp3", RATE)


@pytest.mark.slow
@pytest.mark.parametrize("share", [0.02, 0.4, 0.9])
def test_truncated_file_decodes_or_is_refused(tmp_path: Path, songs: list[Path], share: float) -> None:
    data = songs[0].read_bytes()
    path = tmp_path / songs[0].name
    path.write_bytes(data[: int(len(data) * share)])
    try:
        analysis = Fingerprinter().analyse(path)
    except FingerprintError:
        assert share < 0.4
    else:
        assert analysis.info.duration_s < 0.97 * probe(songs[0]).duration_s


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(6))
def test_bit_flips_never_escape(tmp_path: Path, songs: list[Path], seed: int) -> None:
    random = np.random.default_rng(seed)
    path = songs[seed % len(songs)]
    data = np.frombuffer(path.read_bytes(), np.uint8).copy()
    places = random.integers(0, len(data), 300)
    data[places] ^= random.integers(1, 256, 300).astype(np.uint8)
    damaged = tmp_path / path.name
    damaged.write_bytes(data.tobytes())
    try:
        samples = decode_mono(damaged, RATE)
    except FingerprintError:
        return
    assert samples.dtype == np.float32
    assert len(samples) < 2 * len(decode_mono(path, RATE)), "damage makes nothing longer"
    assert np.abs(samples).max(initial=0.0) <= 1.0


def test_too_short(tmp_path: Path, sounds: list[Samples]) -> None:
    path = write(tmp_path / "short.wav", sounds[0][: 2 * RATE], codec="pcm_s16le")
    with pytest.raises(TooShort, match=r"2\.0 s"):
        Fingerprinter().fingerprint(path)


@pytest.mark.slow
def test_hours_of_silence_in_a_small_file_are_refused_whole(tmp_path: Path) -> None:
    path = write(tmp_path / "long.flac", np.zeros(1800 * RATE, np.float32), codec="flac")
    assert path.stat().st_size < 500_000
    with pytest.raises(TooLong, match="20 minutes"):
        Fingerprinter(limits=DecodeLimits(max_s=1200)).fingerprint(path)


def test_wall_clock_limit_stops_the_child(songs: list[Path]) -> None:
    with pytest.raises(DecodeTimeout):
        decode_mono(songs[0], RATE, DecodeLimits(wall_s=0.001))


def test_memory_limit_is_an_error_not_a_crash(songs: list[Path]) -> None:
    with pytest.raises(DecodeCrashed):
        decode_mono(songs[0], RATE, DecodeLimits(address_space_bytes=20 << 20))
