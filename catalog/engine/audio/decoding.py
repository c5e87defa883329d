"""From a file to samples, in a child process with limits, the only one that uses PyAV on a file from outside.

Whatever a file does to its decoder (endless output, a crash, gigabytes of silence), this process only ever sees a
bounded stream of samples or a ``FingerprintError``.
"""

import json
import os
import select
import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from catalog.engine.audio import decoder_templates
from catalog.engine.audio.decoder_templates import Template
from catalog.engine.audio.info import AudioInfo, info_of_report
from catalog.engine.errors import DecodeCrashed, DecodeTimeout, TooLong, TooShort, UnreadableAudio
from catalog.engine.parameters import LONGEST_S

Samples = NDArray[np.float32]

BLOCK_FRAMES = 1 << 19  # 33 s at 16 kHz: what is held in memory at once
READ_BYTES = 1 << 20
# A correlation of both channels under which one is taken to be inverted. Of 929 blocks of music one is under -0.3, two
# are under -0.25; with one side inverted four of five are.
INVERTED = -0.25
REPORT_BYTES = 1 << 17
FRAME_BYTES = 4  # two channels of 16 bits
ROUNDING_S = 0.1  # over the limit that still counts as the limit: encoders and resamplers add so much at the ends
ENDS_WITHIN_S = 5.0  # what a child has to end after its last word


@dataclass(frozen=True)
class DecodeLimits:
    """What one file may be and cost: seconds of audio, of the clock and of CPU, and bytes of memory.

    ``ValueError`` for a ``max_s`` beyond ``LONGEST_S``.
    """

    min_s: float = 3.0
    max_s: float = 3 * 3600.0
    wall_s: float = 120.0
    cpu_s: int = 120
    address_space_bytes: int = 1 << 30

    def __post_init__(self) -> None:
        if not 0 < self.max_s <= LONGEST_S:
            raise ValueError(f"max_s is {self.max_s:g}; no fingerprint holds more than {LONGEST_S:g} s.")

    @property
    def refused_from_s(self) -> float:
        """The length in seconds above which a file is refused as too long."""
        return self.max_s + ROUNDING_S


def probe(path: str | Path, limits: DecodeLimits | None = None) -> AudioInfo:
    """Describe a file, not decoded: its duration is what it claims, or 0. It may raise what ``Decoding`` raises."""
    child = _Child(path, 0, limits or DecodeLimits())
    for _ in child.blocks():
        pass
    return info_of_report(child.report, child.report.get("claimed_s") or 0.0)


class Decoding:
    """One file being decoded: iterate for mono blocks; then ``info`` says what the file is.

    Blocks are (n,) float32 in -1 … 1 at ``sample_rate`` Hz. All but the last have ``BLOCK_FRAMES`` samples, so they do
    not depend on timing. ``turn_over``: see ``to_mono``.
    Raises ``UnreadableAudio``, ``TooShort``, ``TooLong``, ``DecodeTimeout`` or ``DecodeCrashed``.
    """

    def __init__(
        self, path: str | Path, sample_rate: int, limits: DecodeLimits | None = None, *, turn_over: bool = True
    ) -> None:
        self._turn_over = turn_over
        self._limits = limits or DecodeLimits()
        self._sample_rate = sample_rate
        self._child = _Child(path, sample_rate, self._limits)
        self.info: AudioInfo | None = None

    def __iter__(self) -> Iterator[Samples]:
        frames = 0
        for block in self._child.blocks():
            frames += len(block)
            yield to_mono(block, turn_over=self._turn_over)
        duration_s = frames / self._sample_rate
        self.info = info_of_report(self._child.report, duration_s)
        if duration_s < self._limits.min_s:
            raise TooShort(
                f"Only {duration_s:.1f} s of audio could be read; at least {self._limits.min_s:g} s are needed."
            )


def decode_mono(
    path: str | Path, sample_rate: int, limits: DecodeLimits | None = None, *, turn_over: bool = True
) -> Samples:
    """The whole file as (n,) float32 samples, all in memory: for tools and tests. It raises what ``Decoding`` does."""
    return np.concatenate([np.zeros(0, np.float32), *Decoding(path, sample_rate, limits, turn_over=turn_over)])


def to_mono(stereo: NDArray[np.int16], *, turn_over: bool = True) -> Samples:
    """(n, 2) 16-bit samples → (n,) their mean in -1 … 1; ``turn_over``: an inverted channel is turned over first."""
    left, right = (np.ascontiguousarray(channel, np.float32) for channel in stereo.T)
    is_inverted = turn_over and np.dot(left, right) < INVERTED * np.sqrt(np.dot(left, left) * np.dot(right, right))
    mono: Samples = (left - right if is_inverted else left + right) * np.float32(0.5 / 32768)
    return mono


def confinement() -> list[str]:
    """Which of "rlimits", "no new privileges", "landlock" and "seccomp" confine the decoder on this machine."""
    template, report = Template(), bytearray()
    try:
        for _ in _sent(template, os.devnull, 0, DecodeLimits(), report):
            pass
    finally:
        template.end()
    return list(_report(bytes(report)).get("confined", []))


def _sent(
    template: Template, path: str | Path, sample_rate: int, limits: DecodeLimits, report: bytearray
) -> Iterator[bytes]:
    """The samples that a child of ``template`` sends of a file, in pieces; its report is put into ``report``."""
    with Path(path).open("rb") as file:
        out, err = template.begin(
            file.fileno(), sample_rate, limits.refused_from_s, limits.cpu_s, limits.address_space_bytes
        )
    with out, err:
        yield from _read_both(out, err, report, limits.wall_s)


class _Child:
    """The child process that reads one file, and its deadline."""

    def __init__(self, path: str | Path, sample_rate: int, limits: DecodeLimits) -> None:
        if not Path(path).is_file():
            raise UnreadableAudio(f"There is no file {Path(path).name}.")
        self._path = Path(path)
        self._limits = limits
        self._sample_rate = sample_rate
        self._most_bytes = int(limits.refused_from_s * sample_rate) * FRAME_BYTES
        self.report: dict[str, Any] = {}

    def blocks(self) -> Iterator[NDArray[np.int16]]:
        """(n, 2) sample blocks; afterwards ``report`` is filled, or the reason is raised.

        Where an error is raised, or the iteration is left, the child is ended with its template.
        """
        messages = bytearray()
        with decoder_templates.lent() as template:
            yield from _reblock(self._counted(_sent(template, self._path, self._sample_rate, self._limits, messages)))
            try:
                exit_code = template.exit_code(ENDS_WITHIN_S)
            except TimeoutError as error:
                raise DecodeTimeout("The decoder did not end after the file and was stopped.") from error
            self.report = _outcome(exit_code, bytes(messages), self._limits)
            info_of_report(self.report, 0.0)  # one that is none ends the template too

    def _counted(self, chunks: Iterator[bytes]) -> Iterator[bytes]:
        """The same, up to the limit: the child counts too, but a file that took it over need not."""
        arrived = 0
        for chunk in chunks:
            arrived += len(chunk)
            if not self._most_bytes:
                raise DecodeCrashed("The decoder sent samples although none were asked for.")
            if arrived > self._most_bytes:
                raise _too_long(self._limits)
            yield chunk


def _read_both(out: IO[bytes], err: IO[bytes], messages: bytearray, wall_s: float) -> Iterator[bytes]:
    """What arrives on ``out``; ``err`` is kept in ``messages``. ``DecodeTimeout`` when the wall clock runs out."""
    deadline = time.monotonic() + wall_s
    poll = select.poll()
    streams = {out.fileno(): out, err.fileno(): err}
    for descriptor in streams:
        poll.register(descriptor, select.POLLIN | select.POLLHUP)
    while streams:
        left_s = deadline - time.monotonic()
        if left_s <= 0:
            raise DecodeTimeout(f"Reading the file took longer than {wall_s:g} s and was stopped.")
        for descriptor, _ in poll.poll(left_s * 1000):
            data = os.read(descriptor, READ_BYTES)
            if not data:
                poll.unregister(descriptor)
                del streams[descriptor]
            elif descriptor == err.fileno():
                messages += data
                del messages[:-REPORT_BYTES]
            else:
                yield data


def _reblock(chunks: Iterator[bytes]) -> Iterator[NDArray[np.int16]]:
    waiting = bytearray()
    size = BLOCK_FRAMES * FRAME_BYTES
    for chunk in chunks:
        waiting += chunk
        while len(waiting) >= size:
            yield np.frombuffer(bytes(waiting[:size]), "<i2").reshape(-1, 2)
            del waiting[:size]
    whole = len(waiting) // FRAME_BYTES * FRAME_BYTES
    if whole:
        yield np.frombuffer(bytes(waiting[:whole]), "<i2").reshape(-1, 2)


def _too_long(limits: DecodeLimits) -> TooLong:
    return TooLong(f"The audio is longer than the {limits.max_s / 60:g} minutes that are allowed.")


def _report(messages: bytes) -> dict[str, Any]:
    """The child's last word, if it had one: it may lie, as whoever takes the child over speaks for it."""
    try:
        report = json.loads(messages.rsplit(b"\n", 1)[-1])
    except (ValueError, RecursionError):
        report = None
    return report if isinstance(report, dict) else {"error": "crashed"}


def _outcome(return_code: int | None, messages: bytes, limits: DecodeLimits) -> dict[str, Any]:
    """The child's report, or the error it stands for."""
    report = _report(messages)
    if return_code == -signal.SIGXCPU or (return_code == -signal.SIGKILL and "error" in report):
        raise DecodeTimeout(f"Reading the file took more than {limits.cpu_s} s of computing and was stopped.")
    if report.get("too_long"):
        raise _too_long(limits)
    if report.get("error") == "unreadable":
        raise UnreadableAudio(f"The file cannot be read as audio: {report.get('reason') or 'unknown format'}.")
    if report.get("error") == "memory":
        raise DecodeCrashed("Reading the file needs more memory than is allowed.")
    if return_code != 0 or "error" in report:
        raise DecodeCrashed("The decoder stopped in the middle of the file.")
    return report
