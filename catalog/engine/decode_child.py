"""The decoder's own process: started by path with ``python -I``, it runs its two neighbours by path and imports PyAV.

Arguments: the sample rate (Hz; 0 = look only), the most seconds to decode, CPU seconds, address-space bytes, the
parent's process id. Standard input: the file itself, open, as this process can open none. Standard output: interleaved
stereo 16-bit samples (none when only looking). Standard error: one JSON object, last.
"""

import json
import runpy
import sys
from pathlib import Path
from typing import Any

MAX_ERRORS_IN_A_ROW = 200  # a damaged stream may lose packets; an endless run of bad ones is not audio
GATHER_FRAMES = 1 << 15


def describe(container: Any, stream: Any) -> dict[str, Any]:
    """Container, codec and the claimed length, as plain JSON values."""
    claimed = None
    if stream.duration is not None and stream.time_base is not None:
        claimed = float(stream.duration * stream.time_base)
    elif container.duration is not None:
        claimed = container.duration / 1_000_000
    codec = stream.codec_context
    return {
        "container": container.format.name,
        "codec": codec.name,
        "sample_rate": codec.sample_rate,
        "channels": codec.channels,
        "bit_rate": codec.bit_rate or container.bit_rate or 0,
        "claimed_s": claimed,
    }


class Stereo:
    """Frames of any format → interleaved stereo at one rate; a new filter graph wherever the format changes.

    Frames are gathered before they are resampled: one call a frame costs more than the resampling itself.
    """

    def __init__(self, av: Any, sample_rate: int) -> None:
        self._av = av
        self._sample_rate = sample_rate
        self._format: object = None
        self._source: Any = None
        self._sink: Any = None

    def convert(self, frame: Any) -> list[bytes]:
        """Samples that are ready after ``frame``, often none."""
        source = (frame.format.name, frame.sample_rate, frame.layout.name)
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
        """What is left in the graph, which cannot be used again."""
        if self._source is None:
            return []
        self._source.push(None)
        return self._drain()

    def _build(self, sample_format: str, sample_rate: int, layout: str) -> None:
        graph = self._av.filter.Graph()
        graph.threads = 1  # this process may start none
        source = graph.add_abuffer(format=sample_format, sample_rate=sample_rate, layout=layout)
        nodes = [
            source,
            graph.add("asetnsamples", f"n={GATHER_FRAMES}:p=0"),
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


def decode(av: Any, container: Any, stream: Any, sample_rate: int, max_s: float) -> dict[str, Any]:
    """Write the samples to standard output; how many frames were written and how many packets were bad."""
    out = sys.stdout.buffer
    stereo = Stereo(av, sample_rate)
    most, written, errors, errors_in_a_row = int(max_s * sample_rate), 0, 0, 0
    waiting: list[bytes] = []
    for packet in container.demux(stream):
        try:
            frames = packet.decode()
            errors_in_a_row = 0
        except (av.error.InvalidDataError, av.error.ArgumentError):  # chained headers give the second
            errors += 1
            errors_in_a_row += 1
            if errors_in_a_row > MAX_ERRORS_IN_A_ROW:
                break
            continue
        for frame in frames:
            for piece in stereo.convert(frame):
                written += len(piece) // 4
                waiting.append(piece)
        if written > most:
            return {"frames": written, "too_long": True}
        if waiting:
            out.write(b"".join(waiting))
            waiting.clear()
    waiting += stereo.flush()
    out.write(b"".join(waiting))
    out.flush()
    return {"decode_errors": errors}


def main(arguments: list[str]) -> dict[str, Any]:
    limits = _neighbour("confinement.py")
    limits["die_with_parent"](int(arguments[4]))
    sample_rate = int(arguments[0])
    # Before the limits: loading the libraries is not the file's doing.
    import av  # noqa: PLC0415
    import av.subtitles.stream  # noqa: PLC0415  (PyAV itself waits until it meets some)

    av.logging.set_level(av.logging.PANIC)
    tags = None if sample_rate else _neighbour("tags_child.py")
    if tags:
        tags["count_time"]()
    confined = limits["confine"](int(arguments[2]), int(arguments[3]))
    report = {"confined": confined} | look(av, sample_rate=sample_rate, max_s=float(arguments[1]))
    if tags and "error" not in report:
        with open(0, "rb", closefd=False) as file:
            report["tags"] = tags["all_tags"](file, report["tags"])
    return report


def _neighbour(name: str) -> dict[str, Any]:
    return runpy.run_path(str(Path(__file__).with_name(name)))


def look(av: Any, *, sample_rate: int, max_s: float) -> dict[str, Any]:
    """Describe the file on standard input, and decode it where a sample rate is given; errors are in the answer."""
    try:
        # Only the open file itself: a play list inside it must not open anything else.
        with av.open("fd:", options={"protocol_whitelist": "fd"}, metadata_errors="surrogateescape") as container:
            if not container.streams.audio:
                return {"error": "unreadable", "reason": "it has no audio in it"}
            stream = container.streams.audio[0]
            stream.codec_context.thread_count = 1
            report = describe(container, stream)
            if sample_rate:
                return report | decode(av, container, stream, sample_rate, max_s)
            return report | {"tags": stream.metadata | container.metadata}
    except MemoryError:
        return {"error": "memory"}
    except BrokenPipeError:
        return {"error": "pipe"}
    except (av.error.FFmpegError, ValueError, OSError, ArithmeticError) as error:
        kind = "memory" if isinstance(error, av.error.MemoryError) else "unreadable"
        return {"error": kind, "reason": getattr(error, "strerror", None) or str(error)}


if __name__ == "__main__":
    report = json.dumps(main(sys.argv[1:]), ensure_ascii=False)
    sys.stderr.buffer.write(b"\n" + report.encode("utf-8", "replace"))
