"""Look for a file in the index without taking it into the catalog."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from catalog.engine import Fingerprint, Fingerprinter, FingerprintError
from catalog.engine import Match as EngineMatch
from catalog.engine.search.find import LONG_S
from catalog.models import Track
from catalog.services.audio.analysis import NOTHING_TO_COMPARE
from catalog.services.audio.limits import decode_limits
from catalog.services.index.searching import CaughtUpIndex
from catalog.services.tracks import tracklists
from catalog.services.tracks.file_names import shown


class Command(BaseCommand):
    """`check_music FILE`, `check_music FILE --tracklist`."""

    help = "Compare a file with the index and print the matches. The file is not added to the catalog."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the arguments."""
        parser.add_argument("file", type=Path)
        parser.add_argument("--limit", type=int, default=5, help="number of matches to show")
        parser.add_argument("--tracklist", action="store_true", help="name every recording in the file, as of a mix")
        parser.add_argument("--write", type=Path, help="write the track list to this .cue, .csv or .json file")

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002
        """Search and print."""
        path: Path = options["file"]
        if not path.is_file():
            raise CommandError(f"There is no file {shown(path)}.")
        try:
            fingerprint = Fingerprinter(limits=decode_limits()).fingerprint(path)
        except FingerprintError as error:
            raise CommandError(f"{shown(path.name)}: {error}") from error
        if fingerprint.is_blank:
            self.stdout.write(f"{shown(path.name)}: {NOTHING_TO_COMPARE}")
            return
        if options["tracklist"]:
            self._list(path, fingerprint, options["write"])
            return
        found = CaughtUpIndex().search(fingerprint, exclude=(), limit=options["limit"])
        tracks = Track.objects.present().in_bulk([match.track_id for match in found])
        standing = [match for match in found if match.track_id in tracks]
        if not standing:
            self.stdout.write(f"{shown(path.name)}: no match in the index.")
        for match in standing:
            self._show(match, tracks[match.track_id])

    def _list(self, path: Path, fingerprint: Fingerprint, target: Path | None) -> None:
        """Print the recordings in the file, and write them where that was asked for."""
        if target is not None and target.suffix.lower() not in (".cue", ".csv", ".json"):
            raise CommandError("A track list is written to a file that ends in .cue, .csv or .json.")
        answer = CaughtUpIndex().find(fingerprint, effort="everything", progress=self._report(fingerprint.duration_s))
        tracks = Track.objects.present().in_bulk([match.track_id for match in answer.matches])
        listed = tracklists.entries(answer.matches, tracks)
        named = 0
        for entry in listed:
            self.stdout.write(
                f"{_clock(entry.start_s)}-{_clock(entry.end_s)}  {'also ' if entry.number == named else ''}"
                f"{shown(entry.title)}  ({entry.music_id})  {entry.relation},"
                f" from {_clock(entry.reference_start_s)}, tempo x {entry.tempo_ratio:.3f}"
            )
            named = entry.number
        self.stdout.write(f"{_counted(listed)} of the index in {shown(path.name)}.")
        if not answer.is_complete:
            self.stdout.write(
                self.style.WARNING("The search reached NAMING_CPU_SECONDS_PER_MINUTE: there may be more recordings.")
            )
        if target is not None:
            target.write_text(_written(target.suffix.lower(), listed, path.name, is_complete=answer.is_complete))

    def _report(self, duration_s: float) -> Callable[[float, int], None]:
        """Return what tells how far a long search has come."""

        def report(done_s: float, found: int) -> None:
            if duration_s > LONG_S:
                self.stderr.write(f"{done_s / 60:.0f} of {duration_s / 60:.0f} minutes, {found} recordings so far")

        return report

    def _show(self, match: EngineMatch, track: Track) -> None:
        style = self.style.ERROR if match.is_duplicate else self.style.WARNING
        self.stdout.write(style(f"{match.verdict}: {track.title}") + f"  ({track.music_id})")
        self.stdout.write(f"  {match.describe()}")
        self.stdout.write(
            f"  file {_clock(match.query_start_s)}-{_clock(match.query_end_s)}"
            f" = track {_clock(match.reference_start_s)}-{_clock(match.reference_end_s)}"
            f"; {match.query_coverage:.0%} of the file, {match.reference_coverage:.0%} of the track"
        )
        self.stdout.write(
            f"  tempo x {match.tempo_ratio:.3f}, pitch {match.pitch_semitones:+.2f} semitones,"
            f" score {match.score:.3f}, false accept {match.false_accept_probability:.1g}"
        )


def _written(kind: str, listed: list[tracklists.Entry], file_name: str, *, is_complete: bool) -> str:
    if kind == ".cue":
        return tracklists.as_cue(listed, file_name)
    return tracklists.as_csv(listed) if kind == ".csv" else tracklists.as_json(listed, is_complete=is_complete)


def _counted(listed: list[tracklists.Entry]) -> str:
    """Return "4 recordings", and in how many tracks where some are copies."""
    count = tracklists.count_of(listed)
    recordings = "1 recording" if count == 1 else f"{count} recordings"
    return recordings if count == len(listed) else f"{recordings} ({len(listed)} tracks)"


def _clock(seconds: float) -> str:
    return f"{int(seconds) // 60}:{seconds % 60:04.1f}"
