"""The CSV files of the lists of decisions and of matches."""

from typing import Any

from catalog.models import Decision, Match
from catalog.services.match_words import alterations
from staff.csv_files import CsvFile, moment_cell

_SIDES = ("musicId", "title", "artist", "ISRC", "owner")
DECISIONS_HEAD = [
    *(f"{name} of first" for name in _SIDES), *(f"{name} of second" for name in _SIDES),
    "decision", "keep", "used in", "decided by", "decided", "undone", "together",
]  # fmt: skip
MATCHES_HEAD = [
    *(f"{name} of A" for name in _SIDES), *(f"{name} of B" for name in _SIDES),
    "relation", "verdict", "score", "false accept", "share of A", "share of B", "A from s", "A to s", "B from s",
    "B to s", "offset s", "tempo", "pitch", "altered", "task", "scan", "found",
]  # fmt: skip


def _side(track: Any) -> list[object]:
    return [str(track.music_id), track.title, track.artist, track.isrc, track.owner.get_username()]


def _decision_cells(row: Decision) -> list[object]:
    return [
        *_side(row.first_track),
        *_side(row.second_track),
        row.verdict,
        _music_id(row, row.keeper_id),
        _music_id(row, row.container_id),
        row.author,
        moment_cell(row.decided_at),
        moment_cell(row.undone_at),
        str(row.batch or ""),
    ]


def _music_id(row: Decision, track_id: int | None) -> str:
    both = {row.first_track_id: row.first_track, row.second_track_id: row.second_track}
    return str(both[track_id].music_id) if track_id else ""


def _match_cells(row: Match) -> list[object]:
    seconds = (row.query_start_s, row.query_end_s, row.reference_start_s, row.reference_end_s, row.offset_s)
    return [
        *_side(row.query_track),
        *_side(row.reference_track),
        row.relation,
        row.verdict,
        row.score,
        row.false_accept_probability,
        round(row.query_coverage, 4),
        round(row.reference_coverage, 4),
        *(round(value, 3) for value in seconds),
        round(row.tempo_ratio, 5),
        round(row.pitch_semitones, 3),
        ", ".join(alterations(row)),
        row.job.task_id if row.job else "",
        row.scan_id or "",
        moment_cell(row.created_at),
    ]


DECISIONS_FILE = CsvFile("decisions", DECISIONS_HEAD, _decision_cells)
MATCHES_FILE = CsvFile("matches", MATCHES_HEAD, _match_cells)
