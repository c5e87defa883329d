"""The relation of two tracks in words, the same on every page.

A is the track that was checked (the query of the match), B the one that was found (the reference). Alterations are
said of A, compared with B. The words say only what the match and the facts of both files say.
"""

from math import log2

from catalog.models import AudioFile, Match
from catalog.models.conflicts import conflicts_of
from catalog.services.alterations import changes_pitch, changes_tempo, is_band_limited, is_masked, is_re_encoded
from staff import display

LONGEST_TITLE = 60
_NAMES = {"isrc": "ISRC"}
ALL_OF = 0.97  # what is said to be all of a recording: fades at its ends are not heard in a mix

_LEADS = {
    Match.Relation.SAME: "The same recording as {title}",
    Match.Relation.EXCERPT: "An excerpt of {title}, from {start} to {end}",
    Match.Relation.CONTAINS: "Contains {part} of {title}, from {place}",
    Match.Relation.OVERLAP: "Shares {share} with {title}, from {place}",
    Match.Relation.RELATED: "Perhaps another performance of {title}; never a duplicate",
}
_SHORT = {
    Match.Relation.SAME: "The same recording",
    Match.Relation.EXCERPT: "An excerpt, {start} to {end}",
    Match.Relation.CONTAINS: "Contains {part} of it, from {place}",
    Match.Relation.OVERLAP: "Shares {share}, from {place}",
    Match.Relation.RELATED: "Perhaps another performance",
}


def headline(match: Match) -> str:
    """Return the relation of A to B by B's title, and what was altered: one sentence without a full stop."""
    title = match.reference_track.title
    quoted = f"“{title if len(title) <= LONGEST_TITLE else f'{title[: LONGEST_TITLE - 1]}…'}”"
    if match.relation == Match.Relation.IDENTICAL:
        return f"The same {_identical(match)} as {quoted}"
    return _with_alterations(_filled(_LEADS, match, title=quoted), match)


def relation_words(match: Match) -> str:
    """Return the relation and what was altered in a few words, for lists that name both tracks."""
    if match.relation == Match.Relation.IDENTICAL:
        return f"The same {_identical(match)}"
    return _with_alterations(_filled(_SHORT, match), match)


def _identical(match: Match) -> str:
    file = match.query_track.audio_file_id
    return "file" if file is not None and file == match.reference_track.audio_file_id else "audio"


def _filled(words: dict[Match.Relation, str], match: Match, **more: str) -> str:
    return words[Match.Relation(match.relation)].format(
        start=display.clock(match.reference_start_s),
        end=display.clock(match.reference_end_s),
        place=display.clock(match.query_start_s),
        share=display.share(match.query_coverage),
        part="all" if match.reference_coverage >= ALL_OF else display.share(match.reference_coverage),
        **more,
    )


def _with_alterations(lead: str, match: Match) -> str:
    return ", ".join([lead, *alterations(match)])


def alterations(match: Match) -> list[str]:
    """Return what was altered in A, a few words each, the most audible first; empty if nothing is known."""
    if match.relation in (Match.Relation.IDENTICAL, Match.Relation.RELATED):
        return []
    found = _speed(match)
    if is_masked(match):
        found.append("something over it")
    if match.edit:
        found.append(match.get_edit_display())
    return found + _of_files(match.query_track.audio_file, match.reference_track.audio_file)


def conflict_words(match: Match) -> list[str]:
    """Return why a copy may pretend to be another recording: the change of its speed, and which facts differ.

    Empty if ISRC, artist and account of both agree.
    """
    words = [f"other {_NAMES.get(name, name)}" for name in conflicts_of(match)]
    if not words:
        return []
    is_named = match.query_track.isrc and match.reference_track.isrc
    return [*(_speed(match) or ["unaltered"]), *words, *([] if is_named else ["no ISRC"])]


def _speed(match: Match) -> list[str]:
    percent, pitch = (match.tempo_ratio - 1) * 100, match.pitch_semitones
    coupled = 12 * log2(match.tempo_ratio) if match.tempo_ratio > 0 else 0.0
    if changes_tempo(match) and abs(pitch - coupled) < abs(pitch):
        return [f"{'sped up' if percent > 0 else 'slowed'} {_amount(abs(percent))} %"]
    words = []
    if changes_tempo(match):
        words.append(f"tempo changed: {_amount(abs(percent))} % {'faster' if percent > 0 else 'slower'}")
    if changes_pitch(match):
        semitones = _amount(abs(pitch))
        unit = "semitone" if semitones == "1" else "semitones"
        words.append(f"pitched {'up' if pitch > 0 else 'down'} {semitones} {unit}")
    return words


def _amount(value: float) -> str:
    """Return a number with the one decimal that it is known to, and none where that is zero."""
    return f"{value:.1f}".removesuffix(".0")


def _of_files(a: AudioFile | None, b: AudioFile | None) -> list[str]:
    if a is None or b is None:
        return []
    words = ["re-encoded"] if is_re_encoded(a, b) else []
    if is_band_limited(a, b):
        words.append(f"band-limited to {_amount((a.cutoff_hz or 0) / 1000)} kHz")
    return words
