"""The evidence of one match for somebody outside: signed, expiring, to be withdrawn, and nothing beyond the pair."""

import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.core.signing import Signer
from django.test import Client
from django.utils import timezone

from catalog.models import EvidenceLink, Fingerprint, Match, Track
from catalog.services import evidence
from catalog.services.audio.playback import store_peaks
from catalog.services.index.log import CURRENT_VERSION
from staff.models import AuditEntry
from tests.indexed import fingerprint_at
from tests.rows import make_copy, make_match, make_track

pytestmark = pytest.mark.django_db


@pytest.fixture
def match(owner: User) -> Match:
    """A match of two tracks."""
    return make_copy(make_track(owner, title="The copy"), make_track(owner, title="The original", isrc="DEA120000001"))


@pytest.fixture
def link(match: Match, staff: User) -> EvidenceLink:
    """A link to its evidence."""
    return evidence.make_link(match=match, made_by=staff)


def address(link: EvidenceLink) -> str:
    """Return the path of a link."""
    return f"/catalog/evidence/{evidence.token_of(link)}/"


def test_whoever_has_the_link_sees_the_pair_and_no_more(link: EvidenceLink, owner: User) -> None:
    make_match(link.match.query_track, make_track(owner, title="Somebody else's"))
    answer = Client().get(address(link))
    page = answer.content.decode()
    assert answer.status_code == 200
    for words in ("The same recording as “The original”", "The copy", "DEA120000001", "Segments", "by chance"):
        assert words in page, words
    for words in (
        "Somebody else",
        owner.username,
        owner.email,
        "/admin/",
        "musicId",
        str(link.match.query_track.music_id),
    ):
        assert words not in page, words
    assert re.findall(r"https?://", page.replace("http://www.w3.org", "")) == []
    assert "<script" not in page


def test_the_page_is_for_no_search_engine_and_no_cache(link: EvidenceLink) -> None:
    answer = Client().get(address(link))
    assert "noindex" in answer["X-Robots-Tag"]
    assert answer["Cache-Control"] == "no-store"
    assert "script-src" not in answer["Content-Security-Policy"]
    assert "default-src 'none'" in answer["Content-Security-Policy"]
    assert answer["Referrer-Policy"] == "no-referrer"


def test_real_recordings_are_drawn_over_each_other(staff: User, battle: Path, add_track: Callable[..., Track]) -> None:
    track = add_track(battle)
    assert track.audio_file
    store_peaks(audio_file_id=track.audio_file.pk)
    data = fingerprint_at(battle).to_bytes()
    Fingerprint.objects.create(
        audio_file=track.audio_file, version=CURRENT_VERSION, data=data, size_bytes=len(data), duration_s=30.0
    )
    link = evidence.make_link(match=make_copy(track, track), made_by=staff)
    page = Client().get(address(link)).content.decode()
    assert 'src="data:image/png;base64,iVBORw0KGgo' in page
    assert len(re.findall(r'<path class="mf-bars-[ab]" d="M', page)) == 2


def test_a_forged_or_foreign_token_is_unknown(link: EvidenceLink) -> None:
    token = evidence.token_of(link)
    foreign = Signer(salt="something else").sign_object([link.match_id, link.nonce.hex])
    odd = Signer(salt="catalog.evidence").sign_object(["x", 4])
    for wrong in (token[:-1], "1", f"{token}x", foreign, odd, "é" * 40):
        assert Client().get(f"/catalog/evidence/{wrong}/").status_code == 404, wrong


def test_an_expired_and_a_withdrawn_link_say_so(desk: Client, link: EvidenceLink) -> None:
    EvidenceLink.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert Client().get(address(link)).status_code == 410
    EvidenceLink.objects.update(expires_at=timezone.now() + timedelta(days=1))
    assert Client().get(address(link)).status_code == 200
    desk.post(f"/admin/catalog/evidencelink/{link.pk}/revoke/")
    answer = Client().get(address(link))
    assert answer.status_code == 410
    assert "The copy" not in answer.content.decode()
    assert "withdrawn" in desk.get("/admin/catalog/evidencelink/").content.decode()


def test_a_link_works_as_long_as_the_setting_says(match: Match, staff: User, settings: object) -> None:
    settings.EVIDENCE_LINK_DAYS = 3  # type: ignore[attr-defined]
    made = evidence.make_link(match=match, made_by=staff)
    assert timedelta(days=2, hours=23) < made.expires_at - timezone.now() <= timedelta(days=3)


def test_a_link_that_is_opened_too_often_waits(link: EvidenceLink, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evidence, "OPENED_A_MINUTE", 2)
    statuses = [Client().get(address(link)).status_code for _ in range(4)]
    assert 429 in statuses
    answer = Client().get(address(link))
    assert (answer.status_code, answer["Retry-After"]) in {(429, "60"), (200, "60")}
    link.refresh_from_db()
    EvidenceLink.objects.update(minute=link.minute - 1)
    assert Client().get(address(link)).status_code == 200


def test_making_opening_and_withdrawing_are_in_the_audit(desk: Client, match: Match) -> None:
    answer = desk.post(f"/admin/catalog/match/{match.pk}/evidence/")
    link = EvidenceLink.objects.get()
    assert answer["Location"] == f"/admin/catalog/evidencelink/{link.pk}/change/"
    assert address(link) in desk.get(answer["Location"]).content.decode()
    Client(REMOTE_ADDR="192.0.2.9").get(address(link))
    desk.post(f"/admin/catalog/evidencelink/{link.pk}/revoke/")
    link.refresh_from_db()
    entries = list(AuditEntry.objects.order_by("pk").values_list("act", "actor", "object_key", "address"))
    assert entries[-3:] == [
        ("catalog.match.make_evidence", "staff", str(link.pk), "127.0.0.1"),
        ("evidence.opened", "somebody with the link", str(link.pk), "192.0.2.9"),
        ("catalog.evidencelink.revoke", "staff", str(link.pk), "127.0.0.1"),
    ]
    assert link.opened == 1
