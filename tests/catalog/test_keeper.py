"""Which of two copies is proposed to be kept: by the rules, on rows and on real files; none where nothing speaks."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.contrib.auth.models import User
from django.test import Client

from catalog.engine.audio.bandwidth import RATE, cutoff_of
from catalog.engine.audio.decoding import decode_mono
from catalog.models import AudioFile, Job, Match, Track
from catalog.selectors.groups import group_of
from catalog.selectors.keeper import suggest_keeper, suggest_of
from catalog.services.audio import analysis, bandwidth
from catalog.services.tasks import work
from catalog.services.tasks.accepting import accept_job
from tests.alterations import Samples
from tests.rows import make_audio_file, make_copy, make_track

Values = dict[str, Any]
FLAC: Values = {"codec": "flac", "container": "flac", "bit_rate": 900_000, "cutoff_hz": 22_050}
MP3: Values = {"codec": "mp3", "bit_rate": 128_000, "cutoff_hz": 16_000}
MP3_320: Values = {"codec": "mp3float", "bit_rate": 320_000, "cutoff_hz": 20_000}
VORBIS: Values = {"codec": "vorbis", "container": "ogg", "bit_rate": 160_000, "cutoff_hz": 18_000}
AAC: Values = {"codec": "aac", "container": "mp4", "bit_rate": 256_000, "cutoff_hz": 16_200}
FLAC_OF_MP3 = FLAC | {"cutoff_hz": 16_000}
FLAC_OF_VORBIS = FLAC | {"cutoff_hz": 18_000}
A_LAW: Values = {"codec": "pcm_alaw", "sample_rate_hz": 8000, "bit_rate": 64_000, "cutoff_hz": 4000}
EIGHT_BITS: Values = {"codec": "pcm_u8", "bit_rate": 352_800, "cutoff_hz": 22_050}
WAV_16_KHZ: Values = {"codec": "pcm_s16le", "sample_rate_hz": 16_000, "bit_rate": 512_000, "cutoff_hz": 8000}
CUT_SHORT: Values = {"claimed_s": 200.0, "skipped_places": 3, "skipped_s": 1.5}
PODCAST: Values = MP3 | {"duration_s": 3600.0}

EXCERPT: Values = {"relation": "excerpt", "query_coverage": 1.0, "reference_coverage": 0.1}
CONTAINS: Values = {"relation": "contains", "query_coverage": 0.5, "reference_coverage": 1.0}
OVERLAP: Values = {"relation": "overlap", "verdict": "contains", "query_coverage": 0.3, "reference_coverage": 0.5}
RELATED: Values = {"relation": "related", "verdict": "none", "query_coverage": 0.9, "reference_coverage": 0.9}

# name: (file of A, file of B, the match, side, a word of the reasons). B was there first.
CASES: dict[str, tuple[Values, Values, Values, str, str]] = {
    # what was proposed over the whole original before
    "slowed, and so longer": (MP3, MP3, {"tempo_ratio": 0.9, "pitch_semitones": -1.8}, "", "altered"),
    "voice-over at a higher bit rate": (MP3_320, MP3, {"similarity": 0.6}, "", "something lies over"),
    "FLAC made from Vorbis": (FLAC_OF_VORBIS, VORBIS, {}, "b", "in the catalog first"),
    "twelve seconds in FLAC": (FLAC, MP3, EXCERPT, "b", "the whole recording"),
    "8 kHz A-law": (A_LAW, MP3, {}, "b", "more than eight bits"),
    # the same kinds, the other way round
    "the original is checked against its slowed copy": (
        MP3,
        MP3,
        {"tempo_ratio": 1.11, "pitch_semitones": 1.8},
        "",
        "",
    ),
    "FLAC made from an MP3, against the MP3": (FLAC_OF_MP3, MP3, {}, "b", "in the catalog first"),
    "FLAC made from an MP3, against a better MP3": (MP3_320, FLAC_OF_MP3, {}, "a", "fuller spectrum"),
    "the whole, against an excerpt in FLAC": (MP3, FLAC, CONTAINS, "a", "the whole recording"),
    "eight bits against an MP3": (EIGHT_BITS, MP3, {}, "b", "more than eight bits"),
    "FLAC, and eight bits were there first": (FLAC, EIGHT_BITS, {}, "a", "more than eight bits"),
    "16 kHz WAV": (WAV_16_KHZ, MP3, {}, "b", "fuller spectrum"),
    # further rules
    "FLAC against MP3": (FLAC, MP3, {}, "a", "lossless"),
    "MP3 against FLAC": (MP3, FLAC, {}, "b", "lossless"),
    "a FLAC that was not measured": (FLAC | {"cutoff_hz": None}, MP3, {}, "b", "in the catalog first"),
    "an MP3 of more": (MP3_320, MP3, {}, "a", "fuller spectrum"),
    "the same spectrum at more": (MP3 | {"bit_rate": 192_000}, MP3, {}, "a", "higher bit rate"),
    "bit rates of two codecs": (AAC, MP3, {}, "b", "in the catalog first"),
    "an MP3 of more, made from one of less": (MP3_320 | {"cutoff_hz": 11_000}, MP3, {}, "b", "fuller spectrum"),
    "pitched up only": (FLAC, MP3, {"pitch_semitones": 2.0}, "", "altered"),
    "tempo only": (FLAC, MP3, {"tempo_ratio": 1.04}, "", "altered"),
    "cut": (FLAC, MP3, {"edit": "cut", "reference_coverage": 0.9}, "b", "nothing cut out"),
    "the other is cut": (MP3, FLAC, {"edit": "added", "query_coverage": 0.9}, "a", "nothing cut out"),
    "looped": (FLAC, MP3, {"edit": "looped"}, "b", "nothing repeated"),
    "halves swapped": (FLAC, MP3, {"edit": "swapped"}, "", "a different order"),
    "decode errors": (FLAC | CUT_SHORT, MP3, {}, "b", "nothing missing"),
    "decode errors of both": (FLAC | CUT_SHORT, MP3 | CUT_SHORT, {}, "", "both"),
    "an excerpt, and the whole has errors": (MP3, MP3 | CUT_SHORT, EXCERPT, "", "nothing missing"),
    "longer, after tempo and without silence": (MP3, MP3, {"query_coverage": 0.9}, "a", "longer"),
    "lossless, but shorter": (FLAC, MP3, {"reference_coverage": 0.9}, "", "lossless"),
    "a part of each": (FLAC, MP3, OVERLAP, "", "each has something"),
    "another performance": (FLAC, MP3, RELATED, "", "two recordings"),
    "a song in a mix of an hour": (FLAC, PODCAST, EXCERPT, "", "several recordings"),
    "a mix of an hour with a song": (PODCAST, FLAC, CONTAINS | {"query_coverage": 0.25}, "", "several recordings"),
    "level": (MP3, MP3, {}, "b", "in the catalog first"),
    "the same bytes": (MP3, MP3, {"relation": "identical"}, "b", "in the catalog first"),
}


@pytest.mark.parametrize("case", CASES)
def test_rules(owner: User, case: str) -> None:
    file_a, file_b, match, side, word = CASES[case]
    b = make_track(owner, audio_file=make_audio_file(**file_b))
    a = make_track(owner, audio_file=make_audio_file(**file_a), isrc="GBAYE0601498")
    found = suggest_keeper(make_copy(a, b, **match))
    assert found.side == side, found.reasons
    assert word in found.words


def test_a_removed_track_is_not_kept(owner: User) -> None:
    gone = make_track(owner, audio_file=None)
    assert suggest_keeper(make_copy(gone, make_track(owner))).side == "b"
    assert suggest_keeper(make_copy(make_track(owner), gone)).side == "a"
    assert suggest_keeper(make_copy(gone, make_track(owner, audio_file=None))).side == ""


def test_the_page_says_why_none_is_proposed(desk: Client, owner: User) -> None:
    a, b = make_track(owner), make_track(owner)
    make_copy(a, b, tempo_ratio=0.9, pitch_semitones=-1.8)
    page = desk.get("/catalog/review/").content.decode()
    assert "No track is proposed to be kept: one of the two was altered" in page
    assert "mf-primary" not in page.split('aria-label="Decision"')[1].split("</form>")[0]


def test_no_copy_of_a_group_is_proposed_where_one_was_altered(owner: User) -> None:
    """The lossless one may itself be a copy of the altered one."""
    song, lossless, slowed = (make_track(owner, audio_file=make_audio_file(**file)) for file in (MP3, FLAC, MP3))
    make_copy(lossless, song)
    assert suggest_of(group_of(song.pk)) == (lossless, "lossless")
    make_copy(slowed, song, tempo_ratio=0.9, pitch_semitones=-1.8)
    proposed, words = suggest_of(group_of(song.pk))
    assert proposed is None
    assert "altered" in words


# --- real files -----------------------------------------------------------------------------------------------------


def full_band(battle: Path) -> Samples:
    """Return real music at 44.1 kHz with cymbals up to the top, as a recording in full quality has them."""
    music = decode_mono(battle, 44_100)
    noise = np.random.default_rng(0).standard_normal(len(music)).astype(np.float32)
    struck = np.arange(len(music)) % 11_025 < 3000
    return np.clip(music * 0.8 + noise * struck * np.float32(0.02), -1, 1).astype(np.float32)


def encoded(path: Path, samples: Samples, codec: str, bit_rate: int | None = None, rate: int = 44_100) -> Path:
    """Encode 44.1 kHz samples."""
    import av  # noqa: PLC0415

    with av.open(str(path), "w") as out:
        stream: Any = out.add_stream(codec, rate=rate, layout="mono")
        if bit_rate:
            stream.bit_rate = bit_rate
        pcm = np.round(np.clip(samples, -1, 1) * 32767).astype(np.int16)[None]
        frame = av.AudioFrame.from_ndarray(pcm, format="s16", layout="mono")
        frame.sample_rate = 44_100
        out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    return path


@pytest.fixture
def proposed(add_track: Callable[..., Track]) -> Callable[[Path, Path], tuple[str, str]]:
    """Add the second file, check the first one, measure both, and return what is proposed of the two, and why."""

    def propose(a: Path, b: Path) -> tuple[str, str]:
        reference = add_track(b)
        work.run(accept_job(track=reference, owner=reference.owner, task_name=Job.Name.ADD).pk)
        query = add_track(a)
        work.run(accept_job(track=query, owner=query.owner, task_name=Job.Name.CHECK).pk)
        for file in AudioFile.objects.all():
            bandwidth.store_cutoff(audio_file_id=file.pk)
        match = Match.objects.select_related("query_track__audio_file", "reference_track__audio_file").get()
        found = suggest_keeper(match)
        return found.side, found.words

    return propose


REAL: list[tuple[str, str, str, str]] = [
    ("lossless.flac", "plain.mp3", "a", "lossless"),
    ("plain.mp3", "lossless.flac", "b", "lossless"),
    ("of_mp3.flac", "plain.mp3", "b", "in the catalog first"),
    ("of_mp3.flac", "lossless.flac", "b", "fuller spectrum"),
    ("telephone.wav", "plain.mp3", "b", "more than eight bits"),
    ("eight_bits.wav", "lossless.flac", "b", "more than eight bits"),
    ("plain.mp3", "eight_bits.wav", "a", "more than eight bits"),
    ("excerpt.flac", "plain.mp3", "b", "the whole recording"),
    ("better.mp3", "plain.mp3", "a", "fuller spectrum"),
    ("slowed.flac", "plain.mp3", "", "altered"),
    ("cut.flac", "plain.mp3", "b", "nothing cut out"),
    ("damaged.flac", "plain.mp3", "b", "nothing missing"),
]


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory, battle_path: Path) -> Path:
    """Real files of one recording, by name."""
    folder = tmp_path_factory.mktemp("keeper")
    music = full_band(battle_path)
    lossless = encoded(folder / "lossless.flac", music, "flac")
    plain = encoded(folder / "plain.mp3", music, "libmp3lame", 64_000)
    encoded(folder / "better.mp3", music, "libmp3lame", 192_000)
    encoded(folder / "of_mp3.flac", decode_mono(plain, 44_100), "flac")
    encoded(folder / "telephone.wav", music, "pcm_alaw", rate=8000)
    encoded(folder / "eight_bits.wav", decode_mono(plain, 44_100), "pcm_u8")
    encoded(folder / "excerpt.flac", music[10 * 44_100 : 22 * 44_100], "flac")
    slowed = np.interp(np.arange(int(len(music) / 0.94)) * 0.94, np.arange(len(music)), music).astype(np.float32)
    encoded(folder / "slowed.flac", slowed, "flac")
    encoded(folder / "cut.flac", np.delete(music, slice(12 * 44_100, 17 * 44_100)), "flac")
    whole = lossless.read_bytes()
    (folder / "damaged.flac").write_bytes(whole[: len(whole) * 85 // 100])
    return folder


@pytest.fixture(scope="module")
def battle_path() -> Path:
    """The recording that they are of."""
    return Path(__file__).parent.parent / "audio" / "battle-music.ogg"


@pytest.mark.slow
@pytest.mark.parametrize(("a", "b", "side", "word"), REAL, ids=[f"{row[0]} against {row[1]}" for row in REAL])
def test_real_files(
    files: Path, proposed: Callable[[Path, Path], tuple[str, str]], a: str, b: str, side: str, word: str
) -> None:
    found, words = proposed(files / a, files / b)
    assert found == side, words
    assert word in words


@pytest.mark.slow
def test_a_lossless_upload_is_measured_as_it_is_analysed(files: Path, add_track: Callable[..., Track]) -> None:
    track = add_track(files / "of_mp3.flac")
    analysis.fingerprint_of(track)
    file = AudioFile.objects.get()
    assert file.cutoff_hz == pytest.approx(16_300, abs=700)
    assert len(file.samples_digest) == 32


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_other_files_are_measured_where_they_are_compared(
    files: Path, add_track: Callable[..., Track], desk: Client, drain: Callable[[], int]
) -> None:
    a, b = add_track(files / "plain.mp3"), add_track(files / "better.mp3")
    make_copy(a, b)
    desk.get("/catalog/review/")
    drain()
    measured = dict(AudioFile.objects.values_list("tracks", "cutoff_hz"))
    assert measured[a.pk] == pytest.approx(16_300, abs=700)
    assert measured[b.pk] > 18_500


def test_what_cannot_be_read_is_measured_once(db: None) -> None:
    gone = make_audio_file(cutoff_hz=None)
    assert bandwidth.store_cutoff(audio_file_id=gone.pk)
    gone.refresh_from_db()
    assert gone.cutoff_hz == bandwidth.NOT_MEASURED
    assert not bandwidth.store_cutoff(audio_file_id=gone.pk)


def test_silence_has_no_highest_frequency() -> None:
    assert cutoff_of(np.zeros(5 * RATE, np.float32), 44_100) == 0
    assert cutoff_of(np.zeros(10, np.float32), 44_100) == 0
