"""Every format of the list is taken, told from its bytes alone, and refused where the setting leaves it out."""

import struct
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from django.core.checks import run_checks
from django.test import Client
from pytest_django import Settings
from rest_framework.test import APIClient

from catalog.api.bodies.contract import UploadSerializer
from catalog.engine.audio.decoding import decode_mono, probe
from catalog.models import Track
from catalog.services.audio import formats
from catalog.services.audio.analysis import fingerprint_of
from catalog.services.errors import UploadRefusedError
from catalog.services.tracks import importing
from tests.alterations import RATE, Samples, sound, write

pytestmark = pytest.mark.slow
ENCODED = [
    ("aiff", "song.aiff", "pcm_s16be"),
    ("caf", "song.caf", "pcm_s16le"),
    ("w64", "song.w64", "pcm_s16le"),
    ("au", "song.au", "pcm_s16be"),
    ("wma", "song.wma", "wmav2"),
    ("wavpack", "song.wv", "wavpack"),
    ("tta", "song.tta", "tta"),
    ("matroska", "song.mka", "pcm_s16le"),
    ("matroska", "song.webm", "libopus"),
]


@pytest.fixture(scope="module")
def music(request: pytest.FixtureRequest) -> Samples:
    """Ten seconds."""
    return sound(Path(__file__).parents[1] / "audio" / "battle-music.ogg")[: 10 * RATE]


def encoded(path: Path, music: Samples, codec: str) -> Path:
    return write(
        path,
        music,
        codec=codec,
        bit_rate=128_000 if codec == "wmav2" else None,
        rate=48_000 if codec == "libopus" else 44_100,
    )


@pytest.mark.parametrize(("name", "file_name", "codec"), ENCODED)
def test_format_is_taken_without_its_ending(
    add_track: Callable[..., Track],
    settings: Settings,
    tmp_path: Path,
    music: Samples,
    name: str,
    file_name: str,
    codec: str,
) -> None:
    path = encoded(tmp_path / file_name, music, codec).rename(tmp_path / "song")
    track = add_track(path)
    assert fingerprint_of(track).duration_s == pytest.approx(10, abs=0.2)
    assert track.audio_file is not None
    assert Path(track.audio_file.stored_name).suffix in formats.ALL_ENDINGS

    settings.FORMATS_BEYOND_CONTRACT = [other for other in formats.NAMES_BEYOND if other != name]
    with pytest.raises(UploadRefusedError, match=r"Accepted formats: mp3, wav, flac, m4a, aac, ogg, "):
        add_track(path)


def silent_ape(frames: int, blocks: int) -> bytes:
    """A Monkey's Audio file (3.99, stereo, 44.1 kHz) of silent frames: nothing here encodes others."""
    packed = b"".join(struct.pack("<II", 0x80000000, 3) + bytes(8) for _ in range(frames))
    head = struct.pack("<HHIIIHHI", 1000, 0, blocks, blocks, frames, 16, 2, 44_100)
    seek_table = struct.pack(f"<{frames}I", *(52 + len(head) + 4 * frames + 16 * number for number in range(frames)))
    sizes = struct.pack("<IIIIIII", 52, len(head), len(seek_table), 0, len(packed), 0, 0)
    return b"MAC " + struct.pack("<HH", 3990, 0) + sizes + bytes(16) + head + seek_table + packed


def test_monkeys_audio_is_read(tmp_path: Path, add_track: Callable[..., Track]) -> None:
    path = tmp_path / "song.ape"
    path.write_bytes(silent_ape(frames=5, blocks=44_100))
    assert (len(decode_mono(path, RATE)), probe(path).codec) == (5 * RATE, "ape")
    track = add_track(path)
    assert track.audio_file is not None
    assert track.audio_file.stored_name.endswith(".ape")


def test_rf64_counts_as_wav(
    tmp_path: Path, music: Samples, settings: Settings, add_track: Callable[..., Track]
) -> None:
    settings.FORMATS_BEYOND_CONTRACT = []
    plain = write(tmp_path / "song.wav", music, codec="pcm_s16le").read_bytes()
    at = plain.index(b"data")
    samples = plain[at + 8 :]
    sizes = struct.pack("<QQQI", len(plain) + 36, len(samples), len(samples) // 2, 0)
    rf64 = (
        b"RF64\xff\xff\xff\xffWAVEds64" + struct.pack("<I", len(sizes)) + sizes + plain[12:at] + b"data\xff\xff\xff\xff"
    )
    path = tmp_path / "song.rf64"
    path.write_bytes(rf64 + samples)
    assert fingerprint_of(add_track(path)).duration_s == pytest.approx(10, abs=0.1)


def video(path: Path, music: Samples, video_codec: str, audio_codec: str) -> Path:
    """Ten seconds of grey beside the music."""
    with av.open(str(path), "w") as out:
        pictures: Any = out.add_stream(video_codec, rate=5, options={"strict": "experimental"})
        pictures.width, pictures.height, pictures.pix_fmt = 64, 64, "yuv420p"
        audio: Any = out.add_stream(audio_codec, rate=48_000, layout="mono")
        for number in range(50):
            picture = av.VideoFrame.from_ndarray(np.full((96, 64), 100 + number, np.uint8), format="yuv420p")
            picture.pts, picture.time_base = number, Fraction(1, 5)
            out.mux(pictures.encode(picture))
        frame = av.AudioFrame.from_ndarray((music[None] * 30_000).astype(np.int16), format="s16", layout="mono")
        frame.sample_rate = RATE
        out.mux(audio.encode(frame))
        out.mux(audio.encode(None))
        out.mux(pictures.encode(None))
    return path


@pytest.mark.parametrize(
    ("name", "codecs", "suffix"), [("film.mp4", ("mpeg4", "aac"), ".mp4"), ("film.mkv", ("mpeg4", "libopus"), ".mka")]
)
def test_the_sound_of_a_video_is_taken(
    add_track: Callable[..., Track],
    settings: Settings,
    tmp_path: Path,
    music: Samples,
    name: str,
    codecs: tuple[str, str],
    suffix: str,
) -> None:
    path = video(tmp_path / name, music, *codecs)
    track = add_track(path)
    assert fingerprint_of(track).duration_s == pytest.approx(10, abs=0.2)
    assert track.audio_file is not None
    assert track.audio_file.stored_name.endswith(suffix)

    settings.FORMATS_BEYOND_CONTRACT = ["matroska"]
    with pytest.raises(UploadRefusedError, match="This is a video"):
        add_track(path)


def test_the_contracts_six_stay_without_the_setting(settings: Settings) -> None:
    settings.FORMATS_BEYOND_CONTRACT = []
    assert formats.listed() == "mp3, wav, flac, m4a, aac and ogg"
    assert ".aiff" not in formats.endings()


def test_the_contracts_six_come_first_wherever_formats_are_named(
    api: APIClient, desk: Client, settings: Settings
) -> None:
    first = "mp3, wav, flac, m4a, aac, ogg, aiff"
    assert str(UploadSerializer().fields["file"].help_text).startswith(first)
    assert first in api.get("/api/schema/", headers={"Accept": "application/json"}).content.decode()
    assert first in desk.get("/api/docs/").content.decode()
    page = desk.get("/admin/catalog/track/add/").content.decode()
    assert first in page
    assert 'accept="audio/*,.3gp,.aac,.aif' in page
    settings.FORMATS_BEYOND_CONTRACT = []
    page = desk.get("/admin/catalog/track/add/").content.decode()
    assert "mp3, wav, flac, m4a, aac or ogg" in page
    assert ".aif" not in page


def test_a_folder_import_takes_what_an_upload_does(tmp_path: Path, music: Samples, settings: Settings) -> None:
    for name in ("one.mp3", "two.AIFF", "three.mp4", "four.txt", ".five.mp3"):
        (tmp_path / name).write_bytes(b"x")
    assert [path.name for path in importing.audio_paths(tmp_path)] == ["one.mp3", "three.mp4", "two.AIFF"]
    settings.FORMATS_BEYOND_CONTRACT = []
    assert [path.name for path in importing.audio_paths(tmp_path)] == ["one.mp3"]


def test_an_unknown_format_in_the_setting_is_an_error(settings: Settings) -> None:
    settings.FORMATS_BEYOND_CONTRACT = ["aiff", "ogv", "wmv"]
    found = [error for error in run_checks() if error.id == "catalog.E009"]
    assert [error.msg for error in found] == ["FORMATS_BEYOND_CONTRACT names unknown formats: ogv, wmv."]
