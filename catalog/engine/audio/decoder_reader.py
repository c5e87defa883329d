"""What the decoder's process does with the one open file on its standard input; run by path in that process."""

import os
import sys
from typing import Any

MOST_TRACKS = 16  # that are listened to in search of one that is not silent
PROTOCOLS = "fd,subfile"  # only the open file itself: a play list inside it must not open anything else


def describe(container: Any, stream: Any) -> dict[str, Any]:
    """Container, codec, rate (Hz), channels, bit rate (bit/s) and claimed length (s), as plain JSON values."""
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
        "has_video": any(not _is_cover(video) for video in container.streams.video),
    }


def _sum(lengths_s: list[float | None]) -> float | None:
    known_s = [length_s for length_s in lengths_s if length_s is not None]
    return sum(known_s) if len(known_s) == len(lengths_s) else None


def _is_cover(video: Any) -> bool:
    return bool(video.disposition & video.disposition.attached_pic)


class Reader:
    """Describes the file on standard input, and decodes it where a sample rate is given."""

    def __init__(self, av: Any, parts: Any, streams: Any, *, sample_rate: int, max_s: float) -> None:
        self._av = av
        self._parts = parts
        self._streams = streams
        self._sample_rate = sample_rate
        self._stereo = streams.Stereo(av, sample_rate)
        self._most_frames = int(max_s * sample_rate)
        self._writer = streams.Writer(sys.stdout.buffer.write, self._most_frames)
        self._losses = streams.Losses()

    def report(self) -> dict[str, Any]:
        """Read the file; return what it is and what was lost of it, or the error as ``error`` and ``reason``."""
        try:
            return self._read()
        except self._streams.TooMuchAudio:
            return {"too_long": True}
        except MemoryError:
            return {"error": "memory"}
        except BrokenPipeError:
            return {"error": "pipe"}
        except (self._av.error.FFmpegError, ValueError, OSError, ArithmeticError) as error:
            return {"error": "unreadable", "reason": getattr(error, "strerror", None) or str(error)}

    def _read(self) -> dict[str, Any]:
        described = [facts for part in self._parts.parts_of(0) if (facts := self._read_part(part))]
        if self._sample_rate:
            self._writer.put(self._stereo.flush())
            sys.stdout.buffer.flush()
        if self._losses.first_error and not (described and (self._writer.frames or not self._sample_rate)):
            raise self._losses.first_error
        if not described:
            return {"error": "unreadable", "reason": "it has no audio in it"}
        return described[0] | {
            **{name: _sum([facts[name] for facts in described]) for name in ("claimed_s", "promised_s")},
            "skipped_places": self._losses.places,
            "skipped_s": self._losses.seconds,
        }

    def _read_part(self, part: Any) -> dict[str, Any] | None:
        """What a part is; None where it has no audio or cannot be opened."""
        try:
            with self._open(part) as container:
                if not container.streams.audio:
                    return None
                known, default = self._streams.tracks_of(container.streams.audio)
                if len(known) == 1 or not self._sample_rate:
                    return self._read_track(container, known[0], default)
            track = self._heard_track(part, known[:MOST_TRACKS])
            with self._open(part) as container:
                return self._read_track(container, track, default)
        except (self._av.error.FFmpegError, self._streams.UnusableFormat) as error:
            self._losses.add(0.0)
            self._losses.first_error = self._losses.first_error or error
            return None

    def _read_track(self, container: Any, track: int, default: int) -> dict[str, Any]:
        stream = container.streams.audio[track]
        facts = describe(container, stream)
        facts |= {"tracks": len(container.streams.audio), "track": track + 1, "default_track": default + 1}
        facts["promised_s"] = self._promised_s(container, stream, facts)
        if self._sample_rate:
            self._streams.decode(self._av, container, stream, self._stereo, self._writer, self._losses)
            return facts
        return facts | {"tags": stream.metadata | container.metadata}

    def _promised_s(self, container: Any, stream: Any, facts: dict[str, Any]) -> float | None:
        if stream.duration is None and len(container.streams) > 1:
            return None  # the length of all streams together, pictures among them
        promised_s: float | None = self._parts.promised_s(0, container.format.name, facts)
        return promised_s

    def _heard_track(self, part: Any, tracks: list[int]) -> int:
        """The first of the tracks that is not silent; the very first where all are."""
        return next((track for track in tracks if self._is_heard(part, track)), tracks[0])

    def _is_heard(self, part: Any, track: int) -> bool:
        stereo = self._streams.Stereo(self._av, self._sample_rate)
        writer = self._streams.Writer(self._streams.listen, self._most_frames)
        try:
            with self._open(part) as container:
                stream = container.streams.audio[track]
                self._streams.decode(self._av, container, stream, stereo, writer, self._streams.Losses())
                writer.put(stereo.flush())
        except self._streams.Heard:
            return True
        except self._av.error.FFmpegError:
            return False
        return False

    def _open(self, part: Any) -> Any:
        os.lseek(0, 0, os.SEEK_SET)  # where the last one that was open has left it; one at a time can be
        options = {"protocol_whitelist": PROTOCOLS}
        return self._av.open(part.url, format=part.format, options=options, metadata_errors="surrogateescape")
