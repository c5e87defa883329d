"""Other performances of a MIDI piece keep its notes."""

import io
import struct

import mido
import numpy as np
import pytest

from bench.midi import DRUMS, _music_of_wad, other_sound, wandering
from tests.some import some

NOTES = 200


@pytest.fixture(scope="module")
def piece() -> bytes:
    """Two instruments and drums, a note every fifth of a second."""
    file = mido.MidiFile(ticks_per_beat=500)
    track = mido.MidiTrack()
    file.tracks.append(track)
    for channel in (0, 1):
        track.append(mido.Message("program_change", channel=channel, program=10 * channel))
    for number in range(NOTES):
        note = {"channel": (0, 1, DRUMS)[number % 3], "note": 40 + number % 30}
        track.append(mido.Message("note_on", velocity=80, time=100, **note))
        track.append(mido.Message("note_off", velocity=0, time=100, **note))
    out = io.BytesIO()
    file.save(file=out)
    return out.getvalue()


def notes_of(midi: bytes) -> tuple[np.ndarray, list[tuple[int, int]], list[int]]:
    """When each note begins (s), its channel and pitch, and how strong it is."""
    times, notes, strengths, now_s = [], [], [], 0.0
    for message in mido.MidiFile(file=io.BytesIO(midi)):
        now_s += message.time
        if message.type == "note_on" and message.velocity:
            times.append(now_s)
            notes.append((message.channel, message.note))
            strengths.append(message.velocity)
    return np.array(times), notes, strengths


def programs_of(midi: bytes) -> list[int]:
    return [m.program for m in mido.MidiFile(file=io.BytesIO(midi)) if m.type == "program_change"]


def test_other_sound(piece: bytes) -> None:
    times, notes, strengths = notes_of(piece)
    changed = other_sound(piece, np.random.default_rng(1), 0)
    assert np.allclose(notes_of(changed)[0], times)
    assert notes_of(changed)[1] == notes
    assert notes_of(changed)[2] != strengths
    programs = zip(programs_of(changed), programs_of(piece), strict=True)
    assert all(one // 8 != other // 8 for one, other in some(programs))
    fewer = [{c for c, _ in notes_of(other_sound(piece, np.random.default_rng(s), 5))[1]} for s in range(8)]
    assert all(DRUMS in channels for channels in some(fewer))
    assert any(len(channels) < 3 for channels in fewer)


@pytest.mark.parametrize(("walk", "most_s"), [(False, 0.2), (True, 10.0)])
def test_wandering(piece: bytes, *, walk: bool, most_s: float) -> None:
    times, notes, _ = notes_of(piece)
    moved, same, _ = notes_of(wandering(piece, np.random.default_rng(2), walk=walk))
    assert sorted(same) == sorted(notes)
    apart = moved - times
    slowly = np.convolve(apart, np.ones(20) / 20, "valid")  # single notes are early or late by themselves
    assert 0.01 < np.std(slowly) < most_s
    assert np.std(np.diff(apart)) > 0.005


def test_music_of_a_wad(piece: bytes) -> None:
    other = b"no music"
    directory = struct.pack("<ii8s", 12, len(piece), b"D_SONG") + struct.pack("<ii8s", 12 + len(piece), 8, b"D_OTHER")
    wad = struct.pack("<4sii", b"PWAD", 2, 12 + len(piece) + len(other)) + piece + other + directory
    assert list(_music_of_wad("doom", wad)) == [("doom-D_SONG", piece)]
