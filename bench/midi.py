"""MIDI pieces of Debian packages, and other performances of them: other instruments and strengths, other times."""

import hashlib
import io
import struct
import subprocess
import tarfile
from collections.abc import Iterator
from pathlib import Path

import mido
import numpy as np

PACKAGES = ("freedoom", "openttd-openmsx", "planetblupi-music-midi")
DRUMS = 9  # the channel
STEP_S = 0.05  # of a wandering time
LEAD_S = 0.1  # of silence before a piece that wanders


def pieces(debs: Path) -> dict[str, bytes]:
    """Name → file, each piece once: MIDI files, and those inside Doom's WAD archives."""
    found: dict[str, bytes] = {}
    seen = set()
    for package in PACKAGES:
        for name, data in _files(debs, package):
            digest = hashlib.sha256(data).digest()
            if digest not in seen and len(data) > len(b"MThd"):
                seen.add(digest)
                found[f"{package}-{name}"] = data
    return found


def _files(debs: Path, package: str) -> Iterator[tuple[str, bytes]]:
    debs.mkdir(parents=True, exist_ok=True)
    if not list(debs.glob(f"{package}_*.deb")):
        subprocess.run(["apt-get", "-q", "download", package], cwd=debs, check=True, capture_output=True)
    deb = max(debs.glob(f"{package}_*.deb"))
    unpacked = subprocess.run(["dpkg-deb", "--fsys-tarfile", str(deb)], check=True, capture_output=True).stdout
    with tarfile.open(fileobj=io.BytesIO(unpacked)) as archive:
        for member in sorted(archive.getmembers(), key=lambda member: member.name):
            stream, path = archive.extractfile(member) if member.isfile() else None, Path(member.name)
            if stream is not None and path.suffix.lower() in {".mid", ".midi"}:
                yield path.stem.replace(" ", "_"), stream.read()
            elif stream is not None and path.suffix == ".wad":
                yield from _music_of_wad(path.stem, stream.read())


def _music_of_wad(stem: str, data: bytes) -> Iterator[tuple[str, bytes]]:
    """The archive's directory names its lumps; those of music begin with D_."""
    _, count, start = struct.unpack("<4sii", data[:12])
    for number in range(count):
        offset, size, name = struct.unpack_from("<ii8s", data, start + 16 * number)
        lump, music = name.rstrip(b"\0").decode(), data[offset : offset + size]
        if lump.startswith("D_") and music.startswith(b"MThd"):
            yield f"{stem}-{lump}", music


def other_sound(midi: bytes, random: np.random.Generator, dropped: int) -> bytes:
    """Each program one of another family, each channel 0.6 to 1.3 times as strong, ``dropped`` of them silent."""
    piece = mido.MidiFile(file=io.BytesIO(midi), clip=True)
    melodic = [channel for channel in range(16) if channel != DRUMS]
    silent = set(random.choice(melodic, dropped, replace=False).tolist())
    strength, programs = random.uniform(0.6, 1.3, 16), random.integers(1, 12, (16, 128))
    for track in piece.tracks:
        for number, message in enumerate(track):
            if message.type == "program_change" and message.channel != DRUMS:
                family = int(programs[message.channel, message.program])
                track[number] = message.copy(program=(message.program + 8 * family) % 96)
            elif message.type == "note_on" and message.velocity > 0:
                louder = int(np.clip(message.velocity * strength[message.channel], 1, 127))
                track[number] = message.copy(velocity=0 if message.channel in silent else louder)
    return _bytes_of(piece)


def wandering(midi: bytes, random: np.random.Generator, *, walk: bool) -> bytes:
    """Played again in a time that wanders: by 40 ms, smoothly, or as a random walk of 0.8 % each half second.

    Notes come 10 or 12 ms (one deviation) early or late.
    """
    events, now_s = [], 0.0
    for message in mido.MidiFile(file=io.BytesIO(midi), clip=True):  # all tracks, in seconds
        now_s += message.time
        if not message.is_meta:
            events.append((now_s, message))
    clock_s = np.arange(0, now_s + 4, STEP_S)
    played_s, spread_s = (_walk(clock_s, random), 0.012) if walk else (_smooth(clock_s, random), 0.010)
    late_s: dict[tuple[int, int], float] = {}
    out = []
    for number, (time_s, message) in enumerate(events):
        moved_s = -0.045  # what is no note comes before the notes that it is for
        if message.type in {"note_on", "note_off"}:
            key = message.channel, message.note
            if message.type == "note_on" and message.velocity > 0:
                late_s[key] = float(np.clip(random.normal(0, spread_s), -0.04, 0.04))
            moved_s = late_s.get(key, 0.0)
        out.append((max(0.0, float(np.interp(time_s, clock_s, played_s)) + LEAD_S + moved_s), number, message))
    return _bytes_of(_in_milliseconds(sorted(out, key=lambda event: event[:2])))


def _walk(clock_s: np.ndarray, random: np.random.Generator) -> np.ndarray:
    half_seconds = round(0.5 / STEP_S)
    tempo = 1 + np.repeat(np.cumsum(random.normal(0, 0.008, len(clock_s) // half_seconds + 1)), half_seconds)
    played_s: np.ndarray = np.cumsum(np.clip(tempo[: len(clock_s)], 0.85, 1.15)) * STEP_S
    return played_s


def _smooth(clock_s: np.ndarray, random: np.random.Generator) -> np.ndarray:
    window = np.exp(-0.5 * (np.arange(-200, 201) * STEP_S / 1.5) ** 2)
    moved = np.convolve(random.normal(0, 1, len(clock_s)), window, "same")
    played_s: np.ndarray = clock_s + moved[: len(clock_s)] * 0.04 / moved.std()
    return played_s


def _in_milliseconds(events: list[tuple[float, int, mido.Message]]) -> mido.MidiFile:
    piece, track, last = mido.MidiFile(ticks_per_beat=1000), mido.MidiTrack(), 0
    piece.tracks.append(track)
    track.append(mido.MetaMessage("set_tempo", tempo=1_000_000, time=0))
    for time_s, _, message in events:
        at = round(time_s * 1000)
        track.append(message.copy(time=at - last))
        last = at
    return piece


def _bytes_of(piece: mido.MidiFile) -> bytes:
    out = io.BytesIO()
    piece.save(file=out)
    return out.getvalue()
