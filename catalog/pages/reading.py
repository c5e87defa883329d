"""What decoding found about a file that people should know, in sentences."""

from catalog.models import AudioFile
from staff.display import clock, number


def reading_words(audio_file: AudioFile | None) -> list[str]:
    """Return what is missing of a file's audio, and which of several audio tracks was read; often empty."""
    return [*_missing(audio_file), *_track(audio_file)] if audio_file else []


def _missing(file: AudioFile) -> list[str]:
    words = []
    if file.skipped_places:
        places = "One place" if file.skipped_places == 1 else f"{number(file.skipped_places)} places"
        known = f", {file.skipped_s:.1f} s in all" if file.skipped_s and file.skipped_s >= 0.05 else ""
        words.append(f"{places} in the file could not be decoded and {_were(file)} left out{known}.")
    if file.is_cut_short:
        came, promised = clock(file.duration_s), clock(file.claimed_s)
        words.append(
            f"The file should have {promised} of audio, but {came} could be read. It is damaged or was cut short."
        )
    return words


def _were(file: AudioFile) -> str:
    return "was" if file.skipped_places == 1 else "were"


def _track(file: AudioFile) -> list[str]:
    if not file.audio_tracks or file.audio_tracks == 1:
        return []
    why = "the default one"
    if file.audio_track != file.default_track:
        why = f"because the default one, {file.default_track}, is silent or cannot be read"
    return [f"The file has {file.audio_tracks} audio tracks. This is track {file.audio_track}, {why}."]
