"""Look for a file in the index without taking it into the catalog."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from catalog.engine import Fingerprinter, FingerprintError
from catalog.engine import Match as EngineMatch
from catalog.models import Track
from catalog.services.audio.analysis import NOTHING_TO_COMPARE, decode_limits
from catalog.services.index.searching import CaughtUpIndex
from catalog.services.tracks.file_names import shown


class Command(BaseCommand):
    """`check_music FILE`."""

    help = "Compare a file with the index and say what was found. The file does not enter the catalog."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the arguments."""
        parser.add_argument("file", type=Path)
        parser.add_argument("--limit", type=int, default=5, help="how many matches to show")

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
        found = CaughtUpIndex().search(fingerprint, exclude=(), limit=options["limit"])
        tracks = Track.objects.present().in_bulk([match.track_id for match in found])
        standing = [match for match in found if match.track_id in tracks]
        if not standing:
            self.stdout.write(f"{shown(path.name)}: nothing in the index is like it.")
        for match in standing:
            self._show(match, tracks[match.track_id])

    def _show(self, match: EngineMatch, track: Track) -> None:
        style = self.style.ERROR if match.is_duplicate else self.style.WARNING
        self.stdout.write(style(f"{match.verdict}: {track.title}") + f"  ({track.music_id})")
        self.stdout.write(f"  {match.describe()}")
        self.stdout.write(
            f"  here {_clock(match.query_start_s)}-{_clock(match.query_end_s)}"
            f" = there {_clock(match.reference_start_s)}-{_clock(match.reference_end_s)}"
            f"; {match.query_coverage:.0%} of this file, {match.reference_coverage:.0%} of that track"
        )
        self.stdout.write(
            f"  tempo x {match.tempo_ratio:.3f}, pitch {match.pitch_semitones:+.2f} semitones,"
            f" score {match.score:.3f}, false accept {match.false_accept_probability:.1g}"
        )


def _clock(seconds: float) -> str:
    return f"{int(seconds) // 60}:{seconds % 60:04.1f}"
