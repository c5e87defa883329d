"""Audio in and out of the bench: stereo float32 at 44.1 kHz, FFmpeg filters and codecs through PyAV."""

import io
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

RATE = 44_100
BLOCK = 1 << 16
SEEK_LEAD_S = 2.0


def read(path: Path, start_s: float = 0.0, duration_s: float | None = None) -> np.ndarray:
    """A cut of a file as (2, n) samples; decoding begins shortly before it and stops at its end."""
    resampler = av.AudioResampler(format="fltp", layout="stereo", rate=RATE)
    wanted = None if duration_s is None else round(duration_s * RATE)
    blocks: list[np.ndarray] = []
    have, skip = 0, None
    with av.open(str(path)) as container:
        if start_s > 2 * SEEK_LEAD_S and path.suffix != ".mp3":  # an MP3's places are estimates
            container.seek(int((start_s - SEEK_LEAD_S) * av.time_base))
        begin_s = (container.streams.audio[0].start_time or 0) * float(container.streams.audio[0].time_base or 0)
        for frame in container.decode(audio=0):
            if skip is None:
                skip = round((start_s - (frame.time - begin_s if frame.time is not None else 0.0)) * RATE)
            for out in resampler.resample(frame):
                blocks.append(out.to_ndarray())
                have += blocks[-1].shape[1]
            if wanted is not None and have >= skip + wanted:
                break
    first = max(0, skip or 0)
    return np.concatenate(blocks, axis=1)[:, first : None if wanted is None else first + wanted]


def write_flac(path: Path, samples: np.ndarray, *, stereo: bool) -> None:
    """16 kHz, 16 bit FLAC: what the engine listens to; ``stereo`` keeps two channels."""
    layout = "stereo" if stereo else "mono"
    peak = float(np.abs(samples).max(initial=1e-9))
    scaled = samples if peak <= 1 else samples / peak
    with av.open(str(path), "w", format="flac") as container:
        stream = container.add_stream("flac", rate=16_000, layout=layout)
        resampler = av.AudioResampler(format="s16", layout=layout, rate=16_000)
        for frame in _frames(scaled):
            for out in resampler.resample(frame):
                container.mux(stream.encode(out))
        for out in resampler.resample(None):
            container.mux(stream.encode(out))
        container.mux(stream.encode(None))


def filtered(samples: np.ndarray, description: str) -> np.ndarray:
    """``samples`` through an FFmpeg filter chain such as ``"atempo=1.1,lowpass=f=2000"``."""
    graph = av.filter.Graph()
    source = graph.add_abuffer(sample_rate=RATE, format="fltp", layout="stereo", time_base=Fraction(1, RATE))
    last = source
    for step in description.split(","):
        name, _, arguments = step.partition("=")
        node = graph.add(name, arguments)
        last.link_to(node)
        last = node
    form = graph.add("aformat", f"sample_fmts=fltp:channel_layouts=stereo:sample_rates={RATE}")
    last.link_to(form)
    sink = graph.add("abuffersink")
    form.link_to(sink)
    graph.configure()
    blocks: list[np.ndarray] = []
    for frame in [*_frames(samples), None]:
        source.push(frame)
        _drain(sink, blocks)
    altered = np.concatenate(blocks, axis=1)
    if not np.isfinite(altered).all():
        raise ValueError(f"{description} gave samples that are no numbers")
    return altered


def transcoded(samples: np.ndarray, codec: str, container_name: str, rate: int, options: dict) -> np.ndarray:
    """``samples`` encoded and decoded again in memory; the decoder's start is kept within a few ms."""
    buffer = encoded(samples, codec, container_name, rate, options)
    return decoded(buffer)[:, : samples.shape[1]]


def as_wav(samples: np.ndarray) -> bytes:
    """(2, n) samples as a 16-bit WAV file."""
    return encoded(samples, "pcm_s16le", "wav", RATE, {}).getvalue()


def decoded(file: io.BytesIO) -> np.ndarray:
    """An audio file in memory as (2, n) samples."""
    back = av.AudioResampler(format="fltp", layout="stereo", rate=RATE)
    with av.open(file) as container:
        blocks = [out.to_ndarray() for frame in container.decode(audio=0) for out in back.resample(frame)]
    return np.concatenate(blocks, axis=1)


def encoded(samples: np.ndarray, codec: str, container_name: str, rate: int, options: dict) -> io.BytesIO:
    """Return samples of shape (channels, frames) as a file of this codec, at `rate` in Hz."""
    buffer = io.BytesIO()
    layout = "mono" if codec in MONO_CODECS else "stereo"
    with av.open(buffer, "w", format=container_name) as container:
        stream = container.add_stream(codec, rate=rate, layout=layout, options=options)
        context = stream.codec_context
        resampler = av.AudioResampler(
            format=context.format or "s16", layout=layout, rate=rate, frame_size=context.frame_size or 0
        )
        for frame in [*_frames(samples), None]:
            for out in resampler.resample(frame):
                container.mux(stream.encode(out))
        container.mux(stream.encode(None))
    buffer.seek(0)
    return buffer


MONO_CODECS = frozenset({"pcm_mulaw", "g722", "gsm"})


def _frames(samples: np.ndarray) -> Iterator[av.AudioFrame]:
    for start in range(0, samples.shape[1], BLOCK):
        block = np.ascontiguousarray(samples[:, start : start + BLOCK], dtype=np.float32)
        frame = av.AudioFrame.from_ndarray(block, format="fltp", layout="stereo")
        frame.sample_rate = RATE
        frame.pts = start
        frame.time_base = Fraction(1, RATE)
        yield frame


def _drain(sink: av.filter.context.FilterContext, blocks: list[np.ndarray]) -> None:
    while True:
        try:
            blocks.append(sink.pull().to_ndarray())
        except (av.BlockingIOError, av.EOFError):
            return
