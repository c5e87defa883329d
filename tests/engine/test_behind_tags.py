"""Audio behind an ID3v2 tag of any size: FFmpeg knows formats by first bytes, or by an ending that it is not told."""

from pathlib import Path

import numpy as np
import pytest

from catalog.engine.audio.decoding import Decoding, decode_mono, probe
from catalog.engine.audio.info import AudioInfo
from tests.alterations import RATE, Samples, write

pytestmark = pytest.mark.slow
SIZES = [100, 1 << 20, 12 << 20]
KINDS = [
    ("song.flac", "flac"),
    ("song.aac", "aac"),
    ("song.mp3", "libmp3lame"),
    ("song.wav", "pcm_s16le"),
    ("song.ogg", "libopus"),
    ("song.m4a", "aac"),
    ("song.tta", "tta"),
    ("song.wv", "wavpack"),
    ("song.aiff", "pcm_s16be"),
]
Read = tuple[Samples, AudioInfo]


def id3v2(size: int, *, has_footer: bool = False) -> bytes:
    """A tag with a title and padding."""
    title = b"TIT2\x00\x00\x00\x05\x00\x00\x03Jump"
    body = title + bytes(max(size - len(title), 0))
    seven_bits = bytes(len(body) >> shift & 0x7F for shift in (21, 14, 7, 0))
    head = b"ID3\x04\x00" + (b"\x10" if has_footer else b"\x00") + seven_bits
    return head + body + (b"3DI" + head[3:] if has_footer else b"")


@pytest.fixture(scope="module")
def encoded(tmp_path_factory: pytest.TempPathFactory, sounds: list[Samples]) -> dict[str, bytes]:
    """Five seconds in each kind."""
    folder = tmp_path_factory.mktemp("encoded")
    return {
        name: write(
            folder / name, sounds[0][: 5 * RATE], codec=codec, rate=48_000 if codec == "libopus" else 44_100
        ).read_bytes()
        for name, codec in KINDS
    }


@pytest.fixture(scope="module")
def untagged(
    tmp_path_factory: pytest.TempPathFactory, encoded: dict[str, bytes]
) -> dict[str, tuple[Samples, AudioInfo]]:
    """What is read of each kind without a tag."""
    path = tmp_path_factory.mktemp("untagged") / "plain"
    found = {}
    for name, data in encoded.items():
        path.write_bytes(data)
        found[name] = decode_mono(path, RATE), probe(path)
    return found


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", [name for name, _ in KINDS])
def test_it_is_read_as_without_the_tag(
    tmp_path: Path, encoded: dict[str, bytes], untagged: dict[str, Read], name: str, size: int
) -> None:
    tagged = tmp_path / "tagged"
    tagged.write_bytes(id3v2(size) + encoded[name])
    samples, info = untagged[name]
    assert np.array_equal(decode_mono(tagged, RATE), samples)
    assert (probe(tagged).container, probe(tagged).codec) == (info.container, info.codec)


@pytest.mark.parametrize("name", ["song.flac", "song.aac", "song.mp3"])
def test_several_tags_and_footers_are_passed(tmp_path: Path, encoded: dict[str, bytes], name: str) -> None:
    tagged = tmp_path / "tagged"
    tagged.write_bytes(id3v2(2 << 20, has_footer=True) + id3v2(300) + encoded[name])
    decoding = Decoding(tagged, RATE)
    assert sum(map(len, decoding)) == pytest.approx(5 * RATE, abs=0.1 * RATE)
    assert decoding.info is not None
    assert decoding.info.skipped_places == 0


def test_the_tag_is_still_read(tmp_path: Path, encoded: dict[str, bytes]) -> None:
    for name in ("song.flac", "song.aac", "song.mp3"):
        tagged = tmp_path / name
        tagged.write_bytes(id3v2(2 << 20) + encoded[name])
        assert probe(tagged).tags.get("title") == "Jump", name
