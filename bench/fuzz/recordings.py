"""Short excerpts of the bundled recordings in every container that is taken, and in some that are not."""

import io
from pathlib import Path
from typing import Any

import av
import numpy as np

from catalog.engine.audio.decoding import decode_mono

AUDIO = Path(__file__).parents[2] / "tests" / "audio"
RATE = 44_100
EXCERPT_S = 8
# ending, FFmpeg's container, codec, rate
CONTAINERS = [
    ("wav", "wav", "pcm_s16le", RATE),
    ("wav", "wav", "pcm_f32le", RATE),
    ("wav", "wav", "adpcm_ms", RATE),
    ("flac", "flac", "flac", RATE),
    ("mp3", "mp3", "libmp3lame", RATE),
    ("ogg", "ogg", "libopus", 48_000),
    ("m4a", "ipod", "aac", RATE),
    ("m4a", "ipod", "alac", RATE),
    ("aac", "adts", "aac", RATE),
]
Pcm = np.ndarray[Any, np.dtype[np.int16]]


def paths() -> list[Path]:
    """The bundled recordings."""
    return sorted(path for path in AUDIO.iterdir() if path.suffix in {".ogg", ".mp3"})


def vorbis() -> bytes:
    """A bundled Vorbis file as it is: PyAV's wheel has no encoder for it."""
    return next(path for path in paths() if path.suffix == ".ogg").read_bytes()


def excerpt(number: int) -> Pcm:
    """Eight seconds of a bundled recording, mono."""
    samples = decode_mono(paths()[number], RATE)[RATE : (1 + EXCERPT_S) * RATE]
    return (np.clip(samples, -1, 1) * 32767).astype(np.int16)


def encode(pcm: Pcm, container: str, codec: str, rate: int = RATE, tags: dict[str, str] | None = None) -> bytes:
    """``pcm`` as the bytes of a file."""
    file = io.BytesIO()
    with av.open(file, "w", format=container) as out:
        out.metadata.update(tags or {})
        stream: Any = out.add_stream(codec, rate=rate, layout="mono")
        frame = av.AudioFrame.from_ndarray(pcm[None], format="s16", layout="mono")
        frame.sample_rate = RATE
        out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    return file.getvalue()


def silence(seconds: int) -> bytes:
    """Digital silence: hours of it are small."""
    file, second = io.BytesIO(), np.zeros((1, 60 * 8000), np.int16)
    with av.open(file, "w", format="flac") as out:
        stream: Any = out.add_stream("flac", rate=8000, layout="mono")
        for _ in range(seconds // 60):
            frame = av.AudioFrame.from_ndarray(second, format="s16", layout="mono")
            frame.sample_rate = 8000
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    return file.getvalue()


def video(*, with_audio: Pcm | None) -> bytes:
    """Moving pictures as MP4, with or without a sound track."""
    file = io.BytesIO()
    with av.open(file, "w", format="mp4") as out:
        pictures: Any = out.add_stream("mpeg4", rate=10, width=64, height=64, pix_fmt="yuv420p")
        sound: Any = out.add_stream("aac", rate=RATE, layout="mono") if with_audio is not None else None
        for number in range(20):
            picture = np.full((64, 64, 3), number * 10, np.uint8)
            out.mux(pictures.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        out.mux(pictures.encode(None))
        if sound is not None and with_audio is not None:
            frame = av.AudioFrame.from_ndarray(with_audio[None], format="s16", layout="mono")
            frame.sample_rate = RATE
            out.mux(sound.encode(frame))
            out.mux(sound.encode(None))
    return file.getvalue()
