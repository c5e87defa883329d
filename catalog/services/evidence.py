"""Links that show somebody without an account the evidence of one match: made, opened, withdrawn."""

from datetime import timedelta

import structlog
from django.conf import settings
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.core.signing import BadSignature, Signer
from django.db.models import Case, F, Q, Value, When
from django.utils import timezone

from catalog.models import EvidenceLink, Match
from catalog.services.audio.playback import request_peaks
from catalog.services.errors import CatalogError

OPENED_A_MINUTE = 30  # of one link: more is a program, and each page costs a look at two spectrograms
_SIGNER = Signer(salt="catalog.evidence")
log = structlog.get_logger(__name__)


class LinkOverError(CatalogError):
    """The link has expired or was withdrawn."""


class OpenedTooOftenError(CatalogError):
    """The link was opened too often in this minute."""


def make_link(*, match: Match, made_by: User) -> EvidenceLink:
    """Store a link to the evidence of `match` for `EVIDENCE_LINK_DAYS`, and have its waveforms computed."""
    for track in (match.query_track, match.reference_track):
        if track.audio_file and track.audio_file.peaks is None:
            request_peaks(audio_file=track.audio_file)
    expires_at = timezone.now() + timedelta(days=settings.EVIDENCE_LINK_DAYS)
    link = EvidenceLink.objects.create(match=match, made_by=made_by, expires_at=expires_at)
    log.info("evidence_link_created", link=link.pk, match=match.pk)
    return link


def token_of(link: EvidenceLink) -> str:
    """Return the signed part of the link's address, always the same for one link."""
    return _SIGNER.sign_object([link.match_id, link.nonce.hex])


def open_link(token: str) -> EvidenceLink | None:
    """Count one opening and return the link; None if the token is not one of ours.

    A token that was not signed here costs no query.

    Raises:
        LinkOverError: it has expired or was withdrawn.
        OpenedTooOftenError: it was opened `OPENED_A_MINUTE` times in this minute.

    """
    try:
        match_id, nonce = _SIGNER.unsign_object(token)
        link = EvidenceLink.objects.filter(match=match_id, nonce=nonce).first()
    except (BadSignature, ValueError, TypeError, ValidationError):
        return None
    if link is None:
        return None
    if not link.works:
        raise LinkOverError("This link has expired or was withdrawn.")
    if not _count(link):
        raise OpenedTooOftenError("This link was opened too often. Try again in a minute.")
    return link


def _count(link: EvidenceLink) -> bool:
    """Count an opening in one statement; False where this minute's are used up, or it was withdrawn just now."""
    now = timezone.now()
    minute = int(now.timestamp()) // 60
    free = Q(minute_opened__lt=OPENED_A_MINUTE) | ~Q(minute=minute)
    goes_on = When(minute=minute, then=F("minute_opened") + 1)
    counted = EvidenceLink.objects.filter(free, pk=link.pk, revoked_at=None).update(
        minute_opened=Case(goes_on, default=Value(1)), minute=minute, opened=F("opened") + 1, last_opened_at=now
    )
    return bool(counted)


def revoke_link(*, link: EvidenceLink) -> bool:
    """Withdraw the link; False if it was withdrawn already."""
    revoked = EvidenceLink.objects.filter(pk=link.pk, revoked_at=None).update(revoked_at=timezone.now())
    if revoked:
        log.info("evidence_link_revoked", link=link.pk)
    return bool(revoked)
