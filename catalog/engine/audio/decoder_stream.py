"""From one audio stream to samples, past whatever is damaged in it; run by path in the decoder's own process."""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

GATHER_FRAMES = 1 << 15
# Frames that no recording has make resampling impossible: an editor's mistake, or a damaged header.
LEAST_RATE, MOST_RATE = 1_000, 3_000_000
# Damage in a row after which the rest is given up: about eight minutes of AAC, a second or two of computing.
MOST_ERRORS_IN_A_ROW = 20_000
# Stumbles of the container that lead no further into the file.
MOST_STUMBLES = 200
SILENT_PEAK = 16  # of 32768: -66 dB
DEFAULT = 1  # FFmpeg's AV_DISPOSITION_DEFAULT
BARE = ("mp3", "aac", "flac")  # frames without a container: tags and rubbish behind the last one look like bad ones
RUBBISH_S = 0.3
GAP_S = 0.3  # in the time stamps of an Ogg file, which checksums keep; Vorbis itself leaps by up to 0.25 s at 8 kHz
MOST_CHANNELS = 64  # FFmpeg's own limit


class TooMuchAudio(Exception):  # noqa: N818  (not an error of the file's)
    """There are more samples than the limits allow."""


class Heard(Exception):  # noqa: N818  (not an error of the file's)
    """There is more than silence."""


class UnusableFormat(ValueError):  # noqa: N818  (read where it is caught)
    """Samples in a form that no recording has; the text completes "The file cannot be read as audio: …"."""


@dataclass
class Losses:
    """What could not be read: in how many places, and how many seconds, as far as the file says."""

    places: int = 0
    seconds: float = 0.0
    first_error: Exception | None = None

    def add(self, *seconds: float) -> None:
        """Count places that could not be read, one for each of the lengths in ``seconds``."""
        self.places += len(seconds)
        self.seconds += sum(max(length_s, 0.0) for length_s in seconds)


class Stereo:
    """Converts frames of any format to interleaved 16-bit stereo at one rate.

    There is a new filter graph wherever the format changes. Frames are gathered before they are resampled: one call for
    each frame would cost more than the resampling itself.
    """

    def __init__(self, av: Any, sample_rate: int) -> None:
        self._av = av
        self._sample_rate = sample_rate
        self._format: object = None
        self._source: Any = None
        self._sink: Any = None

    def convert(self, frame: Any) -> list[bytes]:
        """Take in a frame; return the samples that are ready, often none. It may raise ``UnusableFormat``."""
        source = (frame.format.name, frame.sample_rate, frame.layout.name, frame.layout.nb_channels)
        tail: list[bytes] = []
        if source != self._format:
            tail = self.flush()
            self._build(*source)
            self._format = source
            self._waiting = 0
        frame.pts = None  # damaged time stamps must not invent or drop samples
        self._source.push(frame)
        self._waiting += frame.samples
        if self._waiting < GATHER_FRAMES:
            return tail
        self._waiting = 0
        return tail + self._drain()

    def flush(self) -> list[bytes]:
        """The samples that are left in the graph, which cannot be used again."""
        source, self._source, self._format = self._source, None, None
        if source is None:
            return []
        source.push(None)
        return self._drain()

    def _build(self, sample_format: str, sample_rate: int, layout: str, channels: int) -> None:
        if not LEAST_RATE <= sample_rate <= MOST_RATE:
            raise UnusableFormat(f"its header gives a sample rate of {sample_rate:,} Hz")
        if channels > MOST_CHANNELS:
            raise UnusableFormat(f"it has {channels} channels, and {MOST_CHANNELS} are the most that can be mixed")
        try:
            self._link(sample_format, sample_rate, layout)
        except (self._av.error.FFmpegError, ValueError):
            if channels <= 2:
                raise
            self._link(sample_format, sample_rate, layout, ("pan", _every_other(channels)))

    def _link(self, sample_format: str, sample_rate: int, layout: str, *mix: tuple[str, str]) -> None:
        graph = self._av.filter.Graph()
        graph.threads = 1
        source = graph.add_abuffer(format=sample_format, sample_rate=sample_rate, layout=layout)
        nodes = [
            source,
            graph.add("asetnsamples", f"n={GATHER_FRAMES}:p=0"),
            *(graph.add(*filter_) for filter_ in mix),
            graph.add("aresample", f"{self._sample_rate}:filter_size=16:phase_shift=8"),
            graph.add("aformat", "sample_fmts=s16:channel_layouts=stereo"),
            graph.add("abuffersink"),
        ]
        graph.link_nodes(*nodes).configure()
        self._graph, self._source, self._sink = graph, source, nodes[-1]

    def _drain(self) -> list[bytes]:
        pieces: list[bytes] = []
        while True:
            try:
                frame = self._sink.pull()
            except (self._av.error.BlockingIOError, self._av.error.EOFError):
                return pieces
            pieces.append(bytes(frame.planes[0])[: frame.samples * 4])


def _every_other(channels: int) -> str:
    """The mix of channels that nobody knows the places of: every other one to each side, none louder than it was."""
    sides = (range(side, channels, 2) for side in (0, 1))
    mixes = ("+".join(f"{1 / len(side):.6f}*c{number}" for number in side) for side in sides)
    return "stereo|" + "|".join(f"c{side}={mix}" for side, mix in enumerate(mixes))


class Writer:
    """Writes samples, counts them (``frames``), and stops at ``most_frames``."""

    def __init__(self, write: Callable[[bytes], object], most_frames: int) -> None:
        self._write = write
        self._left = most_frames
        self.frames = 0

    def put(self, pieces: list[bytes]) -> None:
        """Write samples. ``TooMuchAudio`` where they would be more than the most."""
        data = b"".join(pieces)
        self.frames += len(data) // 4
        if self.frames > self._left:
            raise TooMuchAudio
        if data:
            self._write(data)


def listen(data: bytes) -> None:
    """Raise ``Heard`` where 16-bit samples are more than silence, whatever level that lies on."""
    samples = memoryview(data).cast("h")
    if max(samples) - min(samples) > 2 * SILENT_PEAK:
        raise Heard


def tracks_of(audio: Any) -> tuple[list[int], int]:
    """The numbers (from 0) of a file's audio streams that can be decoded, the default first, and the default's number.

    ``UnusableFormat`` where none can be decoded.
    """
    default = next((number for number, stream in enumerate(audio) if stream.disposition & DEFAULT), 0)
    known = [number for number, stream in enumerate(audio) if stream.codec_context]
    if not known:
        raise UnusableFormat("its audio format is not supported")
    return sorted(known, key=lambda number: number != default), default


def decode(av: Any, container: Any, stream: Any, stereo: Stereo, writer: Writer, losses: Losses) -> None:
    """Write all samples of a stream that can be read, and count in ``losses`` what cannot."""
    stream.codec_context.thread_count = 1  # this process may start none
    usual_s = 0.0
    lost: list[float] = []  # since the last packet that could be decoded
    for packet in _packets(av, container, stream, losses):
        try:
            for frame in packet.decode():
                writer.put(stereo.convert(frame))
                usual_s = frame.samples / frame.sample_rate
                losses.add(*lost)
                lost.clear()
        except (av.error.FFmpegError, UnusableFormat) as error:
            # FFmpeg has a dozen words for a damaged packet, "not permitted" and "no memory" among them.
            losses.first_error = losses.first_error or error
            lost.append(_seconds(packet) or usual_s)
            if len(lost) > MOST_ERRORS_IN_A_ROW:
                break
    if container.format.name not in BARE or sum(lost) > RUBBISH_S:
        losses.add(*lost)


def _seconds(packet: Any) -> float:
    return float(packet.duration * packet.time_base) if packet.duration and packet.time_base else 0.0


def _packets(av: Any, container: Any, stream: Any, losses: Losses) -> Iterator[Any]:
    """The stream's packets, past what the container stumbles over while that leads further into the file."""
    gaps = _Gaps(losses) if container.format.name == "ogg" else None
    idle, furthest, stumbled = 0, -1, False
    while idle < MOST_STUMBLES:
        try:
            for packet in container.demux(stream):
                if gaps:
                    gaps.pass_(packet)
                elif stumbled and packet.size:  # what nothing follows is no loss
                    losses.add(0.0)
                stumbled = False
                yield packet
        except av.error.FFmpegError as error:
            losses.first_error = losses.first_error or error
            stumbled = True
            at = os.lseek(0, 0, os.SEEK_CUR)
            idle = 0 if at > furthest else idle + 1
            furthest = max(furthest, at)
        else:
            return


class _Gaps:
    """Notes where time stamps leap: pages of an Ogg file that are lost leave no other trace."""

    def __init__(self, losses: Losses) -> None:
        self._losses = losses
        self._due: int | None = None

    def pass_(self, packet: Any) -> None:
        if packet.pts is None:
            return
        gap_s = 0.0 if self._due is None else float((packet.pts - self._due) * packet.time_base)
        if gap_s > GAP_S:
            self._losses.add(gap_s)
        self._due = packet.pts + (packet.duration or 0)
