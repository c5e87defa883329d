"""What the track list is as a CSV file."""

from typing import Any

from catalog.models import IndexOperation, Track
from catalog.presentation.wording import codec_name
from staff.csv_files import CsvFile, moment_cell

HEAD = [
    "musicId", "title", "artist", "album", "ISRC", "file name", "owner", "seconds", "codec", "bit rate", "bytes",
    "uploaded", "removed", "in the index", "last check", "fingerprint",
]  # fmt: skip


def _cells(track: Any) -> list[object]:
    file = track.audio_file
    checked = {True: "duplicate", False: "no duplicate", None: ""}[track.was_duplicate]
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
        checked,
        _fingerprint(track),
    ]


def _fingerprint(track: Track) -> str:
    """Say whose fingerprint it is: nothing where it was made here, from audio."""
    made = track.made_by_client
    if made is None:
        return ""
    confirmed = "confirmed" if made.confirmed_at else "not confirmed"
    outdated = ", outdated" if made.is_outdated else ""
    return f"made by the client, {confirmed}{outdated}"


TRACKS_FILE = CsvFile("tracks", HEAD, _cells)
