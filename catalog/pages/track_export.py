"""The track list as CSV: what the list's search and filters leave, streamed, and safe to open in a spreadsheet."""

import csv
from collections.abc import Iterator
from typing import Any

from django.db.models import QuerySet
from django.http import StreamingHttpResponse
from django.utils import timezone

from catalog.models import IndexOperation, Track
from catalog.services.alterations import codec_name

HEAD = [
    "musicId", "title", "artist", "album", "ISRC", "file name", "owner", "seconds", "codec", "bit rate", "bytes",
    "uploaded", "removed", "in the index", "last check", "fingerprint",
]  # fmt: skip
BATCH = 1000
# A spreadsheet takes a cell that begins so for a formula, and runs it: an upload's tags must not decide that.
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")


class _Line:
    """What `csv.writer` writes to: it hands each line back."""

    @staticmethod
    def write(line: str) -> str:
        return line


def export_response(tracks: QuerySet[Track]) -> StreamingHttpResponse:
    """Answer with `tracks` (with their standing) as a CSV file, oldest first, a batch in memory at a time."""
    name = f"tracks-{timezone.localtime():%Y-%m-%d}.csv"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return StreamingHttpResponse(csv_lines(tracks), content_type="text/csv; charset=utf-8", headers=headers)


def csv_lines(tracks: QuerySet[Track]) -> Iterator[str]:
    """Yield the file line by line. The mark in front tells spreadsheets that it is UTF-8."""
    write = csv.writer(_Line()).writerow
    yield "\ufeff" + write(HEAD)
    for batch in _batches(tracks):
        for track in batch:
            yield write([safe_cell(value) for value in _cells(track)])


def _batches(tracks: QuerySet[Track]) -> Iterator[list[Any]]:
    """Go through the table by id: no statement stays open while a slow reader takes the file."""
    ordered, after = tracks.order_by("pk"), 0
    while batch := list(ordered.filter(pk__gt=after)[:BATCH]):
        yield batch
        after = batch[-1].pk


def safe_cell(value: object) -> object:
    """Return a value as a spreadsheet may have it: text that it would take for a formula gets a quote in front."""
    if isinstance(value, str) and value.lstrip(" ").startswith(_FORMULA_STARTS):
        return f"'{value}"
    return value


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
        timezone.localtime(track.created_at).isoformat(timespec="seconds"),
        timezone.localtime(track.removed_at).isoformat(timespec="seconds") if track.removed_at else "",
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
