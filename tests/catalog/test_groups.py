"""Who is in a group: copies of its reference, each by a match of its own; nothing that two tracks merely share."""

from collections.abc import Callable
from itertools import combinations

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from catalog.models import Track
from catalog.selectors.groups import group_ids, group_of
from tests.rows import make_audio_file, make_copy, make_match, make_track

Named = dict[str, Track]
Make = Callable[..., Named]


@pytest.fixture
def named(owner: User) -> Make:
    """Make tracks by name."""

    def make(names: str) -> Named:
        return {name: make_track(owner, title=name) for name in names.split()}

    return make


def excerpt(query: Track, reference: Track, start_s: float = 0.0, end_s: float = 30.0) -> None:
    """Store that all of `query` is a part of `reference`."""
    make_copy(
        query, reference, relation="excerpt", reference_coverage=0.2, reference_start_s=start_s, reference_end_s=end_s
    )


def overlap(query: Track, reference: Track) -> None:
    """Store that the two share a part."""
    make_match(query, reference, verdict="contains", relation="overlap", query_coverage=0.31, reference_coverage=0.56)


def contains(query: Track, reference: Track) -> None:
    """Store that all of `reference` is in `query`, with something else joined to it."""
    make_copy(query, reference, relation="contains", query_coverage=0.4)


def names(track: Track) -> set[str]:
    """Return whose titles are in a track's group."""
    return {member.title for member in group_of(track.pk).tracks}


def each_apart(tracks: Named, *pairs: str) -> None:
    """Hold that no group has both of any of the pairs."""
    for pair in pairs:
        one, other = pair.split()
        for track in tracks.values():
            assert not {one, other} <= names(track), f"{pair} in the group of {track.title}"


def bed_with_pieces_of_two_songs(made: Named) -> None:
    overlap(made["bed"], made["song1"])
    overlap(made["bed"], made["song2"])


def two_songs_under_one_voice(made: Named) -> None:
    make_copy(made["voice1"], made["song1"], similarity=0.6)
    make_copy(made["voice2"], made["song2"], similarity=0.6)
    overlap(made["voice1"], made["voice2"])


def mix_of_two_songs(made: Named) -> None:
    excerpt(made["song1"], made["mix"], 0, 180)
    excerpt(made["song2"], made["mix"], 170, 360)


def mix_that_was_checked(made: Named) -> None:
    contains(made["mix"], made["song1"])
    contains(made["mix"], made["song2"])


def mix_with_a_copy_of_each_song(made: Named) -> None:
    mix_of_two_songs(made)
    make_copy(made["copy1"], made["song1"])
    make_copy(made["copy2"], made["song2"])
    excerpt(made["copy1"], made["mix"], 0, 180)
    excerpt(made["copy2"], made["mix"], 178, 360)


def two_mixes_with_one_song(made: Named) -> None:
    excerpt(made["song1"], made["mix"], 0, 180)
    excerpt(made["song1"], made["other"], 600, 780)


def sample_in_two_songs(made: Named) -> None:
    excerpt(made["sample"], made["song1"], 10, 14)
    excerpt(made["sample"], made["song2"], 50, 54)


def jingle_in_front_of_two_songs(made: Named) -> None:
    contains(made["song1"], made["jingle"])
    contains(made["song2"], made["jingle"])
    overlap(made["song1"], made["song2"])


def chain_by_a_copy(made: Named) -> None:
    make_copy(made["a"], made["b"])
    make_copy(made["b"], made["c"])


def mix_in_a_mix(made: Named) -> None:
    excerpt(made["song1"], made["mix"], 0, 180)
    excerpt(made["mix"], made["radio"], 3600, 7200)
    excerpt(made["song2"], made["radio"], 0, 180)


def medley_and_its_parts(made: Named) -> None:
    contains(made["medley"], made["song1"])
    excerpt(made["song2"], made["medley"], 200, 260)
    overlap(made["medley"], made["song3"])


def performance_beside_a_copy(made: Named) -> None:
    make_copy(made["copy"], made["song"])
    make_match(made["copy"], made["cover"], verdict="none", relation="related")


SEPARATE = [
    (bed_with_pieces_of_two_songs, "bed song1 song2", ["song1 song2", "bed song1", "bed song2"]),
    (two_songs_under_one_voice, "voice1 voice2 song1 song2", ["song1 song2", "voice1 voice2", "voice1 song2"]),
    (mix_of_two_songs, "mix song1 song2", ["song1 song2"]),
    (mix_that_was_checked, "mix song1 song2", ["song1 song2", "mix song1", "mix song2"]),
    (mix_with_a_copy_of_each_song, "mix song1 song2 copy1 copy2", ["song1 song2", "copy1 copy2", "copy1 song2"]),
    (two_mixes_with_one_song, "song1 mix other", ["mix other"]),
    (sample_in_two_songs, "sample song1 song2", ["song1 song2"]),
    (jingle_in_front_of_two_songs, "jingle song1 song2", ["song1 song2"]),
    (chain_by_a_copy, "a b c", ["a c"]),
    (mix_in_a_mix, "song1 song2 mix radio", ["song1 song2", "song2 mix", "song1 radio"]),
    (medley_and_its_parts, "medley song1 song2 song3", ["song1 song2", "song2 song3", "song1 song3"]),
    (performance_beside_a_copy, "copy song cover", ["song cover", "copy cover"]),
]


@pytest.mark.slow
@pytest.mark.parametrize(("story", "who", "pairs"), SEPARATE, ids=[row[0].__name__ for row in SEPARATE])
def test_different_recordings_are_in_no_group_together(
    named: Make, story: Callable[[Named], None], who: str, pairs: list[str]
) -> None:
    tracks = named(who)
    story(tracks)
    if story is chain_by_a_copy:  # both are copies of the one in the middle, by matches of their own
        assert [names(tracks[name]) for name in "abc"] == [{"a", "b"}, {"a", "b", "c"}, {"b", "c"}]
        return
    each_apart(tracks, *pairs)


def upload_of_a_song_with_copies(made: Named) -> None:
    for name in ("one", "two", "three"):
        make_copy(made["upload"], made[name])


def copies_found_in_one_another(made: Named) -> None:
    for one, other in combinations(made.values(), 2):
        make_copy(other, one)


def the_same_bytes(made: Named) -> None:
    make_copy(made["again"], made["first"], relation="identical")
    make_copy(made["copy"], made["first"])


def excerpts_of_one_place(made: Named) -> None:
    excerpt(made["short"], made["song"], 10, 30)
    excerpt(made["long"], made["song"], 5, 60)


def excerpt_and_a_copy(made: Named) -> None:
    excerpt(made["ringtone"], made["song"], 60, 90)
    make_copy(made["song"], made["copy"])


def excerpts_known_to_be_one(made: Named) -> None:
    excerpt(made["first"], made["loop"], 0, 20)
    excerpt(made["second"], made["loop"], 20, 40)
    make_copy(made["first"], made["second"])


def many_copies(made: Named) -> None:
    first, *others = made.values()
    for other in others:
        make_copy(other, first)


def slowed_and_sped_up(made: Named) -> None:
    make_copy(made["slowed"], made["song"], tempo_ratio=0.9, pitch_semitones=-1.8)
    make_copy(made["fast"], made["song"], tempo_ratio=1.06, pitch_semitones=1.0)


def reversed_roles(made: Named) -> None:
    make_copy(made["song"], made["upload"])
    make_copy(made["other"], made["song"])


def one_pair_twice(made: Named) -> None:
    make_copy(made["a"], made["b"])
    make_copy(made["b"], made["a"], score=12.0)
    make_copy(made["c"], made["b"])


TOGETHER = [
    (upload_of_a_song_with_copies, "upload one two three"),
    (copies_found_in_one_another, "a b c d"),
    (the_same_bytes, "first again copy"),
    (excerpts_of_one_place, "song short long"),
    (excerpt_and_a_copy, "song ringtone copy"),
    (excerpts_known_to_be_one, "loop first second"),
    (many_copies, "a b c d e f g h i j k l m n o p"),
    (slowed_and_sped_up, "song slowed fast"),
    (reversed_roles, "song upload other"),
    (one_pair_twice, "b a c"),
]


@pytest.mark.parametrize(("story", "who"), TOGETHER, ids=[row[0].__name__ for row in TOGETHER])
def test_copies_of_one_recording_are_in_its_group(named: Make, story: Callable[[Named], None], who: str) -> None:
    tracks = named(who)
    story(tracks)
    first = next(iter(tracks.values()))
    assert names(first) == set(who.split())
    assert group_ids(first.pk)[0] == first.pk, "the reference comes first"


def test_an_excerpt_leads_to_the_group_of_its_recording(named: Make) -> None:
    tracks = named("song ringtone copy")
    excerpt_and_a_copy(tracks)
    excerpt(tracks["ringtone"], tracks["copy"], 60, 90)
    assert names(tracks["ringtone"]) == {"song", "ringtone", "copy"}


def test_what_a_mix_holds_is_not_its_group(named: Make) -> None:
    tracks = named("mix song1 song2 again")
    mix_of_two_songs(tracks)
    make_copy(tracks["again"], tracks["mix"])
    assert names(tracks["mix"]) == {"mix", "again"}


def test_only_a_direct_match_presets_the_same_recording(named: Make, desk: Client) -> None:
    tracks = named("song copy ringtone")
    make_copy(tracks["copy"], tracks["song"])
    excerpt(tracks["ringtone"], tracks["song"])
    page = desk.get(reverse("catalog:review_group", args=[tracks["song"].pk])).content.decode()

    def chosen(name: str) -> str:
        select = page.split(f'name="kind-{tracks[name].pk}"')[1].split("</select>")[0]
        return select.split(" selected")[0].rsplit('value="', 1)[1].rstrip('"')

    assert (chosen("copy"), chosen("ringtone")) == ("same", "later")


def test_a_group_says_where_it_proposes_none(named: Make, desk: Client) -> None:
    tracks = named("song slowed fast")
    slowed_and_sped_up(tracks)
    page = desk.get(reverse("catalog:review_group", args=[tracks["song"].pk])).content.decode()
    assert "No track is proposed: one of the two was altered" in page
    assert "suggested" not in page


def test_a_voice_over_a_long_programme(owner: User) -> None:
    """The programme holds the song, under speech: no keeper, no group."""
    song = make_track(owner, title="song")
    programme = make_track(owner, title="programme", audio_file=make_audio_file(duration_s=3600.0))
    overlap(programme, song)
    assert names(song) == set()
