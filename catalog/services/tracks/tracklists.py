"""The recordings in a mix as a track list: cue sheet, CSV or JSON."""

import csv
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

from catalog.engine import Match as EngineMatch
from catalog.models import Track
from catalog.services.tracks.copies_in_mix import recordings_at

FRAMES_A_SECOND = 75  # of a cue sheet's times
CSV_START = ("=", "+", "-", "@", "\t", "\r")  # what a spreadsheet would take for a formula


@dataclass(frozen=True)
class Entry:
    """A track in a mix: where it plays, which part of it, and its relation to the mix.

    `number` counts the recordings. Copies of one recording have the same number, the first of them speaks for all.
    """

    number: int
    start_s: float
    end_s: float
    title: str
    artist: str
    music_id: str
    reference_start_s: float
    reference_end_s: float
    relation: str
    tempo_ratio: float
    pitch_semitones: float


def entries(matches: Sequence[EngineMatch], tracks: Mapping[int, Track]) -> list[Entry]:
    """Return the recordings in the order in which they begin, each with its copies behind it.

    Tracks that no longer exist are left out.
    """
    found = {match.track_id: match for match in matches if match.track_id in tracks}
    recordings = recordings_at({pk: (match.query_start_s, match.query_end_s) for pk, match in found.items()})
    numbered = ((number, pk) for number, copies in enumerate(recordings, 1) for pk in copies)
    return [_entry(number, found[pk], tracks[pk]) for number, pk in numbered]


def count_of(listed: Sequence[Entry]) -> int:
    """Return how many recordings a list names."""
    return len({entry.number for entry in listed})


def as_cue(listed: Sequence[Entry], file_name: str) -> str:
    """Return a cue sheet: one track for each recording, without the copies.

    Its tracks have one start each, so a recording under another one follows it.
    """
    lines = [f'FILE "{_quoted(file_name)}" WAVE']
    first = {entry.number: entry for entry in reversed(listed)}
    for number, entry in enumerate(reversed(first.values()), 1):
        lines += [
            f"  TRACK {number:02d} AUDIO",
            f'    TITLE "{_quoted(entry.title)}"',
            f'    PERFORMER "{_quoted(entry.artist)}"',
            f"    INDEX 01 {_cue_time(entry.start_s)}",
        ]
    return "\n".join(lines) + "\n"


def as_csv(listed: Sequence[Entry]) -> str:
    """Return a table, one row for each track; text that a spreadsheet would run is quoted with an apostrophe."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(Entry.__dataclass_fields__)
    for entry in listed:
        writer.writerow([_safe(value) for value in asdict(entry).values()])
    return out.getvalue()


def as_json(listed: Sequence[Entry], *, is_complete: bool) -> str:
    """Return the list, and whether the search ran out of time."""
    return json.dumps({"is_complete": is_complete, "tracks": [asdict(entry) for entry in listed]}, indent=2) + "\n"


def _entry(number: int, match: EngineMatch, track: Track) -> Entry:
    return Entry(
        number=number,
        start_s=round(match.query_start_s, 2),
        end_s=round(match.query_end_s, 2),
        title=track.title,
        artist=track.artist,
        music_id=str(track.music_id),
        reference_start_s=round(match.reference_start_s, 2),
        reference_end_s=round(match.reference_end_s, 2),
        relation=match.relation,
        tempo_ratio=round(match.tempo_ratio, 4),
        pitch_semitones=round(match.pitch_semitones, 2),
    )


def _cue_time(seconds: float) -> str:
    frames = round(max(0.0, seconds) * FRAMES_A_SECOND)
    minutes, rest = divmod(frames, 60 * FRAMES_A_SECOND)
    return f"{minutes:02d}:{rest // FRAMES_A_SECOND:02d}:{rest % FRAMES_A_SECOND:02d}"


def _quoted(text: str) -> str:
    """A cue sheet has no way to write a quotation mark."""
    return text.replace('"', "'")


def _safe(value: object) -> object:
    return f"'{value}" if isinstance(value, str) and value.startswith(CSV_START) else value
