"""The CSV file of the track list."""

from typing import Any

from catalog.models import IndexOperation, Track
from catalog.presentation.relation import uses_words
from catalog.presentation.wording import codec_name
from staff.csv_files import CsvFile, moment_cell

HEAD = [
    "musicId", "title", "artist", "album", "ISRC", "file name", "owner", "seconds", "codec", "bit rate", "bytes",
    "uploaded", "removed", "in the index", "last check", "fingerprint",
]  # fmt: skip


def _cells(track: Any) -> list[object]:
    file = track.audio_file
    return [
        str(track.music_id),
        track.title,
        track.artist,
        track.album,
        track.isrc,
        track.file_name,
        track.owner.get_username(),
        round(track.length_s, 3) if track.length_s is not None else "",
        codec_name(file) if file else "",
        (file.bit_rate or "") if file else "",
        track.stored_bytes or "",
        moment_cell(track.created_at),
        moment_cell(track.removed_at),
        "yes" if track.index_state == IndexOperation.Kind.ADD else "no",
        _last_check(track),
        _fingerprint(track),
    ]


def _last_check(track: Any) -> str:
    """Say what the last check found, in the words of the list."""
    if track.was_duplicate is None:
        return ""
    if track.was_duplicate:
        return "duplicate"
    return uses_words(track.uses) if track.uses else "no duplicate"


def _fingerprint(track: Track) -> str:
    """Say whose fingerprint it is: nothing where it was made here, from audio."""
    made = track.made_by_client
    if made is None:
        return ""
    confirmed = "confirmed" if made.confirmed_at else "not confirmed"
    outdated = ", outdated" if made.is_outdated else ""
    return f"made by the client, {confirmed}{outdated}"


TRACKS_FILE = CsvFile("tracks", HEAD, _cells)
