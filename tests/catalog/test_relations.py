"""What two tracks are to each other, in the database: stored with a match, filled in for older ones, filtered."""

from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.contrib.auth.models import User
from django.core.checks import run_checks
from django.db import IntegrityError, transaction
from django.test import Client
from pytest_django import Settings

from catalog.models import Job, Match, Track
from catalog.services.tasks import work
from catalog.services.tasks.accepting import accept_job
from catalog.services.tasks.edits import edit_of, mean_similarity
from tests.alterations import Samples, sound, write
from tests.migrated import schema_of
from tests.rows import make_audio_file, make_copy, make_match, make_track
from tests.some import some

Add = Callable[..., Track]


def done(track: Track, name: str) -> Job:
    """Do a task at once."""
    job = accept_job(track=track, owner=track.owner, task_name=name)
    work.run(job.pk)
    return Job.objects.get(pk=job.pk)


def checked(track: Track) -> Match:
    """Check a track and return the closest match."""
    job = done(track, Job.Name.CHECK)
    assert job.status == "success", job.error
    return job.matches.closest_first()[0]


def part(samples: Samples, start_s: float, end_s: float) -> Samples:
    """Return a stretch of 16 kHz samples."""
    return samples[int(start_s * 16_000) : int(end_s * 16_000)]


@pytest.mark.slow
def test_the_closest_is_named_first(add_track: Add, battle: Path, forest: Path, tmp_path: Path) -> None:
    """An MP3 of a song, and in the catalog the song and a mix with it: the song, whatever the scores say."""
    song, other = sound(battle), sound(forest)
    mix = add_track(write(tmp_path / "mix.wav", np.concatenate([other, song, other]), codec="pcm_s16le"))
    original = add_track(battle)
    for track in (mix, original):
        done(track, Job.Name.ADD)
    again = add_track(write(tmp_path / "again.mp3", song, codec="libmp3lame", bit_rate=64_000))
    job = done(again, Job.Name.CHECK)
    assert job.result["matched_music_id"] == str(original.music_id)
    found = [(row.reference_track, row.relation, row.verdict) for row in job.matches.closest_first()]
    assert found == [(original, "same", "duplicate"), (mix, "excerpt", "duplicate")]


@pytest.mark.slow
def test_of_equal_copies_the_oldest_is_named(add_track: Add, battle: Path, tmp_path: Path) -> None:
    song = sound(battle)
    first, second = (
        add_track(write(tmp_path / f"{name}.wav", song * level, codec="pcm_s16le"))
        for name, level in (("first", 1.0), ("second", 0.99))
    )
    for track in (second, first):
        done(track, Job.Name.ADD)
    job = done(add_track(write(tmp_path / "x.mp3", song, codec="libmp3lame", bit_rate=64_000)), Job.Name.CHECK)
    assert job.matches.count() == 2
    assert job.result["matched_music_id"] == str(first.music_id)


@pytest.mark.slow
def test_padded_with_silence(add_track: Add, battle: Path, tmp_path: Path) -> None:
    done(add_track(battle), Job.Name.ADD)
    song = part(sound(battle), 0, 24)
    padded = np.concatenate([np.zeros(15 * 16_000, np.float32), song, np.zeros(10 * 16_000, np.float32)])
    match = checked(add_track(write(tmp_path / "padded.wav", padded, codec="pcm_s16le")))
    assert match.verdict == "duplicate"
    assert match.relation in ("same", "excerpt")
    assert match.query_coverage > 0.9


@pytest.mark.slow
def test_a_copy_with_something_joined_to_it(
    add_track: Add, battle: Path, forest: Path, tmp_path: Path, settings: Settings
) -> None:
    """Half of the upload is a whole track: a duplicate from `JOINED_SHARE` on."""
    short = part(sound(battle), 2, 20)
    done(add_track(write(tmp_path / "short.wav", short, codec="pcm_s16le")), Job.Name.ADD)
    joined = np.concatenate([part(sound(forest), 0, 18), short])
    upload = add_track(write(tmp_path / "joined.wav", joined, codec="pcm_s16le"))
    match = checked(upload)
    assert (match.relation, match.verdict) == ("contains", "duplicate")
    settings.JOINED_SHARE = 0.7
    match = checked(upload)
    assert (match.relation, match.verdict) == ("contains", "contains")
    settings.WHOLE_SHARE, settings.JOINED_SHARE = 0.4, 0.2
    assert checked(upload).relation == "same"


@pytest.mark.slow
def test_the_same_bytes_and_the_same_samples_are_identical(add_track: Add, battle: Path, tmp_path: Path) -> None:
    song = sound(battle)
    wav = add_track(write(tmp_path / "a.wav", song, codec="pcm_s16le"))
    done(wav, Job.Name.ADD)
    flac = add_track(write(tmp_path / "a.flac", song, codec="flac"))
    assert checked(flac).relation == "identical"
    again = add_track(tmp_path / "a.flac")
    assert again.audio_file == flac.audio_file
    assert checked(again).relation == "identical"


@pytest.mark.slow
def test_equal_fingerprints_of_other_samples_are_not_identical(add_track: Add, battle: Path, tmp_path: Path) -> None:
    song = sound(battle) * 0.5
    louder = add_track(write(tmp_path / "a.wav", song, codec="pcm_s16le"))
    done(louder, Job.Name.ADD)
    softer = add_track(write(tmp_path / "b.wav", song * 0.9999, codec="pcm_s16le"))
    assert checked(softer).relation == "same"


@pytest.mark.parametrize(
    ("relation", "verdict"),
    [("same", "contains"), ("overlap", "duplicate"), ("related", "contains"), ("excerpt", "none")],
)
def test_the_database_keeps_the_verdict_true(owner: User, relation: str, verdict: str) -> None:
    match = make_copy(make_track(owner), make_track(owner))
    with pytest.raises(IntegrityError), transaction.atomic():
        Match.objects.filter(pk=match.pk).update(relation=relation, verdict=verdict)


def test_matches_are_filtered_by_relation(desk: Client, owner: User) -> None:
    make_copy(make_track(owner, title="Copied"), make_track(owner))
    make_match(make_track(owner, title="Shared"), make_track(owner), verdict="contains")
    page = desk.get("/admin/catalog/match/?relation__exact=overlap").content.decode()
    assert "Shared" in page
    assert "Copied" not in page


def test_settings_that_contradict_each_other(settings: Settings) -> None:
    settings.JOINED_SHARE = 0.9
    assert "catalog.E010" in {message.id for message in run_checks()}


@pytest.mark.slow
def test_no_more_matches_than_are_kept(add_track: Add, battle: Path, tmp_path: Path, settings: Settings) -> None:
    song = sound(battle)
    for number in range(3):
        copy = write(tmp_path / f"{number}.wav", song * (1 - 0.1 * number), codec="pcm_s16le")
        done(add_track(copy), Job.Name.ADD)
    settings.MATCHES_KEPT = 2
    upload = add_track(write(tmp_path / "x.mp3", song, codec="libmp3lame", bit_rate=96_000))
    assert done(upload, Job.Name.CHECK).matches.count() == 2


@pytest.mark.parametrize(
    ("segments", "edit"),
    [
        ([[0, 30, 5, 35, 0.9]], ""),
        ([[0, 10, 5, 15, 0.9], [10, 20, 15.4, 25, 0.9]], ""),
        ([[0, 10, 5, 15, 0.9], [10, 20, 25, 35, 0.8]], "cut"),
        ([[0, 10, 5, 15, 0.9], [18, 28, 15, 25, 0.8]], "added"),
        ([[0, 10, 5, 15, 0.9], [10, 20, 5, 15, 0.8]], "looped"),
        ([[0, 10, 20, 30, 0.9], [10, 30, 0, 20, 0.8]], "swapped"),
        ([[0, 5, 20, 25, 0.9], [5, 10, 0, 5, 0.8], [10, 15, 40, 45, 0.9]], "reordered"),
        ([], ""),
    ],
)
def test_what_was_done_to_the_parts(segments: list[list[float]], edit: str) -> None:
    assert edit_of(segments, 1.0) == edit
    assert edit_of(segments[::-1], 1.0) == edit


def test_similarity_is_weighed_by_length() -> None:
    assert mean_similarity([[0, 30, 0, 30, 0.9], [30, 40, 30, 40, 0.5]]) == 0.8
    assert mean_similarity([]) is None


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_matches_from_before_get_a_relation(monkeypatch: pytest.MonkeyPatch) -> None:
    filling = import_module("catalog.migrations.0027_fill_relations")
    monkeypatch.setattr(filling, "BATCH", 2)
    adding = import_module("catalog.migrations.0026_match_relations").Migration.dependencies[:1]
    kinds = {
        "identical": (1.0, 1.0),
        "same": (0.95, 0.9),
        "excerpt": (0.9, 0.3),
        "contains": (0.1, 0.9),
        "joined": (0.5, 0.9),
        "overlap": (0.6, 0.6),
        "again": (0.97, 0.97),
    }
    with schema_of(adding) as before:
        account = before.get_model("auth", "User").objects.create(username="someone")
        scan = before.get_model("catalog", "Scan").objects.create(started_by=account, last_track=1, total=1)
        files = before.get_model("catalog", "AudioFile").objects
        tracks = before.get_model("catalog", "Track").objects
        for number, (name, (query, reference)) in enumerate(kinds.items()):
            made = [
                files.create(sha256=f"{number}-{side}", duration_s=30, size_bytes=1, sample_rate_hz=1, channels=1)
                for side in "ab"
            ]
            if name == "again":
                made[1] = made[0]
            a, b = (tracks.create(owner=account, title=name, audio_file=file) for file in made)
            before.get_model("catalog", "Match").objects.create(
                scan=scan, query_track=a, reference_track=b, verdict="duplicate", score=300.0 if number == 0 else 9.0,
                false_accept_probability=0.0 if number == 0 else 1e-9, offset_s=0, query_start_s=0, query_end_s=30,
                reference_start_s=0, reference_end_s=30, tempo_ratio=1, pitch_semitones=0, query_coverage=query,
                reference_coverage=reference, engine_version="2", segments=[[0, 10, 0, 10, 0.9], [10, 20, 15, 25, 0.8]],
            )  # fmt: skip
    found = {row.query_track.title: row for row in Match.objects.select_related("query_track")}
    assert {name: (row.relation, row.verdict) for name, row in found.items()} == {
        "identical": ("identical", "duplicate"),
        "same": ("same", "duplicate"),
        "excerpt": ("excerpt", "duplicate"),
        "contains": ("contains", "contains"),
        "joined": ("contains", "duplicate"),
        "overlap": ("overlap", "contains"),
        "again": ("identical", "duplicate"),
    }
    assert {(row.edit, row.similarity) for row in found.values()} == {("cut", 0.85)}


@pytest.mark.slow
def test_pages_stay_fast_with_a_thousand_matches(desk: Client, owner: User, django_assert_max_num_queries: Any) -> None:
    """The task's page asks as often for a thousand matches as for one, and leaves their curves in the database."""
    query = make_track(owner)
    first = make_copy(query, make_track(owner))
    assert first.job
    rows = []
    for number in range(999):
        track = make_track(owner, title=f"Copy {number}", audio_file=make_audio_file())
        row = Match(**{field.attname: getattr(first, field.attname) for field in Match._meta.concrete_fields})
        row.pk, row.reference_track_id, row.similarity_curve = None, track.pk, [0.5] * 1000
        rows.append(row)
    Match.objects.bulk_create(rows)
    address = f"/admin/catalog/job/{first.job_id}/change/"
    with django_assert_max_num_queries(20) as queries:
        page = desk.get(address).content.decode()
    assert page.count("The same recording") == 100
    assert "All matches" in page
    assert not any("similarity_curve" in query["sql"] for query in some(queries.captured_queries))
