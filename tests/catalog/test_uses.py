"""What a mix uses: counted, listed, shown on its time axis, decided at once and written as a track list."""

import csv
import io
import re

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from catalog.models import Decision, Match, Track
from catalog.selectors.uses import open_mix_count, open_mixes, uses_of
from catalog.services.decisions import decide
from catalog.services.errors import CatalogError
from catalog.services.tracks.removal import remove_track
from catalog.services.uses import decide_uses
from staff.models import AuditEntry
from tests.rows import make_audio_file, make_check, make_match, make_track
from tests.some import some

pytestmark = pytest.mark.django_db
SONG_S = 180.0


def make_mix(owner: User, count: int, *, title: str = "The mix") -> Track:
    """Store a mix of `count` songs, one after the other, as its check found them."""
    mix = make_track(owner, title=title, audio_file=make_audio_file(duration_s=SONG_S * count), file_name="set.mp3")
    job = make_check(mix)
    for number in range(count):
        start_s = number * SONG_S
        make_match(
            mix, make_track(owner, title=f"Song of the mix {number}"), job=job, verdict="contains",
            relation="contains" if number % 2 else "overlap", query_start_s=start_s, query_end_s=start_s + 150.0,
            reference_start_s=10.0, reference_end_s=160.0, offset_s=10.0 - start_s, tempo_ratio=1.04,
            pitch_semitones=0.0, query_coverage=0.9 / count, reference_coverage=0.85 if number % 2 else 0.7,
            segments=[[start_s, start_s + 150.0, 10.0, 160.0, 0.9]],
        )  # fmt: skip
    return mix


@pytest.fixture
def mix(owner: User) -> Track:
    """A mix of four songs."""
    return make_mix(owner, 4)


def listed(desk: Client, query: str = "") -> str:
    """Return the list of tracks without what lies around its badges."""
    return re.sub(r"<[^>]+>", " ", desk.get(f"/admin/catalog/track/{query}").content.decode())


def test_the_task_list_says_what_a_check_found_in_a_mix(desk: Client, owner: User, mix: Track) -> None:
    """Each check by its own matches: what an earlier one found, or a song's check, is no answer of this one."""
    make_check(mix)
    found = Match.objects.filter(query_track=mix)[0]
    make_match(
        found.reference_track, mix, verdict="contains", relation="overlap", query_coverage=0.9, reference_coverage=0.1
    )
    copied = make_track(owner)
    make_match(mix, copied, job=make_check(mix, found=copied), relation="contains", query_coverage=0.2)
    rows = desk.get("/admin/catalog/job/").content.decode()
    answers = re.findall(r'field-answer.*?title="([^"]*)"', rows, re.DOTALL)
    assert sorted(answers) == sorted([copied.title, mix.title, "no duplicate", "uses 4 tracks"])


@pytest.mark.slow
def test_a_mix_is_no_plain_no_duplicate(desk: Client, mix: Track) -> None:
    """It says what it uses, in the list, on its page and in the export, and a filter finds it."""
    assert "uses 4 tracks" in listed(desk)
    page = desk.get(f"/admin/catalog/track/{mix.pk}/change/").content.decode()
    assert page.count("uses 4 tracks") >= 2, "the badge, and the answer of its check"
    assert "no duplicate" not in page
    export = desk.get("/admin/catalog/track/export/")
    assert b"uses 4 tracks" in b"".join(export.streaming_content)
    assert "The mix" in listed(desk, "?checked=uses")
    assert "Song of the mix" not in listed(desk, "?checked=uses")
    assert "The mix" not in listed(desk, "?checked=none")


def test_an_upload_says_what_it_uses(desk: Client, mix: Track) -> None:
    [row] = desk.get(f"/admin/catalog/track/arrivals/?tracks={mix.pk}").json()["rows"]
    assert "uses 4 tracks" in row["html"]
    assert f"/catalog/uses/{mix.pk}/" in row["html"]


def test_the_container_is_the_one_that_is_explained_less(owner: User) -> None:
    """Whichever of the two was checked: a song that is found in an older podcast is used in the podcast."""
    podcast, song = make_track(owner, title="Podcast"), make_track(owner)
    make_match(
        song, podcast, verdict="contains", relation="overlap", query_coverage=0.5, reference_coverage=0.02,
        query_start_s=5.0, query_end_s=50.0, reference_start_s=600.0, reference_end_s=645.0,
        segments=[[5.0, 50.0, 600.0, 645.0, 0.9]],
    )  # fmt: skip
    assert [(row.track, row.waiting) for row in open_mixes()] == [(podcast, 1)]
    [use] = uses_of(podcast)
    assert (use.part, use.place, use.place_in_part, use.stretches) == (
        song, (600.0, 645.0), (5.0, 50.0), [(600.0, 645.0)],
    )  # fmt: skip
    assert (use.share_of_part, use.share_of_container) == (0.5, 0.02)
    assert uses_of(song) == []


def test_a_pair_found_twice_and_both_ways_counts_once(owner: User, mix: Track) -> None:
    first = uses_of(mix)[0]
    make_match(mix, first.part, verdict="contains", query_coverage=0.1, reference_coverage=0.7)
    make_match(first.part, mix, verdict="contains", query_coverage=0.7, reference_coverage=0.1)
    assert len(uses_of(mix)) == 4
    assert [row.waiting for row in open_mixes()] == [4]


def test_the_queue_holds_what_is_not_settled(desk: Client, owner: User, staff: User, mix: Track) -> None:
    other = make_mix(owner, 2, title="Another mix")
    page = desk.get("/catalog/uses/").content.decode()
    assert page.index("The mix") < page.index("Another mix")  # most first
    decide_uses(container=mix, parts=[use.part for use in uses_of(mix)], verdict="uses", decided_by=staff)
    assert [row.track for row in open_mixes()] == [other]
    for use in uses_of(other):
        remove_track(track=use.part)
    assert open_mix_count() == 0
    assert "No uses to settle" in desk.get("/catalog/uses/").content.decode()


def test_a_mix_has_a_bar_for_each_recording_at_its_place(desk: Client, mix: Track) -> None:
    page = desk.get(f"/catalog/uses/{mix.pk}/").content.decode()
    bars = re.findall(r'<rect class="mf-stretch" x="([\d.]+)%" y="\d+" width="([\d.]+)%"', page)
    assert [(float(x), float(width)) for x, width in bars] == [(number * 25.0, 20.83) for number in range(4)]
    assert "sped up 4 %" in page or "tempo changed: 4 % faster" in page
    assert "3:00" in page


def test_all_and_some_are_decided_at_once_and_taken_back(desk: Client, mix: Track) -> None:
    parts = [use.part for use in uses_of(mix)]
    url = f"/catalog/uses/{mix.pk}/decide/"
    desk.post(url, {"choice": "different-chosen", "part": [parts[0].pk]})
    answer = desk.post(url, {"choice": "used-all"}, follow=True)
    assert "3 recordings decided: used in" in answer.content.decode().replace("&quot;", '"')
    verdicts = [use.decision.verdict if use.decision else None for use in uses_of(mix)]
    assert verdicts == ["different", "uses", "uses", "uses"]
    assert {row.container for row in Decision.objects.filter(verdict="uses")} == {mix}
    entry = AuditEntry.objects.first()
    assert entry
    assert (entry.act, entry.object_name, entry.detail["recordings"]) == ("uses_decide", "The mix", 3)
    last = Decision.objects.order_by("-pk").first()
    assert last
    desk.post(f"/catalog/uses/{mix.pk}/undo/{last.pk}/")
    assert [use.decision is None for use in uses_of(mix)] == [False, True, True, True]


def test_nothing_chosen_and_nothing_known_decide_nothing(desk: Client, owner: User, mix: Track) -> None:
    url = f"/catalog/uses/{mix.pk}/decide/"
    answer = desk.post(url, {"choice": "used-chosen", "part": ["x", str(make_track(owner).pk)]}, follow=True)
    assert "You chose no recording" in answer.content.decode()
    assert desk.post(url, {"choice": "burn-all"}).status_code == 404
    assert not Decision.objects.exists()


def test_a_decision_made_meanwhile_is_not_overwritten(staff: User, mix: Track) -> None:
    parts = [use.part for use in uses_of(mix)]
    decide(one=mix, other=parts[1], verdict="different", keeper=None, decided_by=staff)
    with pytest.raises(CatalogError, match="Somebody else"):
        decide_uses(container=mix, parts=parts, verdict="uses", decided_by=staff)
    assert Decision.objects.count() == 1


def test_the_track_list_leaves_out_what_is_not_in_it(desk: Client, staff: User, mix: Track) -> None:
    first = uses_of(mix)[0].part
    decide(one=mix, other=first, verdict="different", keeper=None, decided_by=staff)
    answer = desk.get(f"/catalog/uses/{mix.pk}/tracks.csv")
    assert "attachment" in answer["Content-Disposition"]
    rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert [(row["title"], float(row["start_s"])) for row in some(rows)] == [
        (f"Song of the mix {number}", number * SONG_S) for number in (1, 2, 3)
    ]
    cue = desk.get(f"/catalog/uses/{mix.pk}/tracks.cue").content.decode()
    assert cue.startswith('FILE "set.mp3" WAVE')
    assert "INDEX 01 03:00:00" in cue
    assert desk.get(f"/catalog/uses/{mix.pk}/tracks.doc").status_code == 404


def test_a_mix_of_sixty_asks_as_often_as_one_of_four(desk: Client, owner: User, mix: Track) -> None:
    counts = []
    for track in (mix, make_mix(owner, 60)):
        desk.get(f"/catalog/uses/{track.pk}/")
        with CaptureQueriesContext(connection) as queries:
            page = desk.get(f"/catalog/uses/{track.pk}/").content.decode()
        counts.append(len(queries))
    assert counts[0] == counts[1]
    assert page.count('class="mf-stretch"') == 60
    assert Match.objects.count() == 64
