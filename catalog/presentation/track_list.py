"""A stored use as an entry of a track list."""

from catalog.selectors.uses import Use
from catalog.services.match_words import alterations
from catalog.services.tracks.tracklists import Entry


def entry_of(use: Use) -> Entry:
    """Return the entry; tempo and pitch are the mix's over the recording's, whichever of the two was checked."""
    match = use.match
    tempo = 1 / match.tempo_ratio if use.is_turned and match.tempo_ratio > 0 else match.tempo_ratio
    return Entry(
        number=use.number,
        start_s=round(use.place[0], 2),
        end_s=round(use.place[1], 2),
        title=use.part.title,
        artist=use.part.artist,
        music_id=str(use.part.music_id),
        reference_start_s=round(use.place_in_part[0], 2),
        reference_end_s=round(use.place_in_part[1], 2),
        relation=match.relation,
        tempo_ratio=round(tempo, 4),
        pitch_semitones=round(-match.pitch_semitones if use.is_turned else match.pitch_semitones, 2),
    )


def altered_words(use: Use) -> str:
    """Return what was altered in the mix; if the recording itself was checked, what is altered in it."""
    words = ", ".join(alterations(use.match))
    return f"the recording: {words}" if words and use.is_turned else words
