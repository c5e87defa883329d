"""Tracks without audio: only a fingerprint was uploaded, which its owner's program made.

A fingerprint can be false: nobody here heard the recording. So only checks of its own account find it, and it is in no
shared index, until staff confirm it. As a query it is like any other: its results concern only its owner.
"""

from datetime import datetime
from typing import Any

import structlog
from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Sum
from django.utils import timezone

from catalog.engine import Fingerprint as EngineFingerprint
from catalog.engine import FingerprintError, received_fingerprint
from catalog.models import ClientFingerprint, Track
from catalog.services.errors import UploadRefusedError
from catalog.services.index import log as index_log
from catalog.services.tracks.file_names import UNNAMED
from catalog.services.tracks.quotas import claim_quota, take_turns
from catalog.services.tracks.tags import clean_text

MAY_CONFIRM = "catalog.change_clientfingerprint"
COUNTS_AT_ONCE = "catalog.upload_confirmed"
log = structlog.get_logger(__name__)


def max_fingerprint_bytes() -> int:
    """Return the most bytes that a fingerprint may have."""
    return int(settings.MAX_FINGERPRINT_KB) * 1024


def add_client_track(*, owner: User, data: bytes, title: str) -> Track:
    """Add a fingerprint to the catalog as a new track of `owner`.

    Raises:
        UploadRefusedError: it is too large, not a whole fingerprint of this version, of a recording that is too long,
            or more than the account may have; the message says which.

    """
    fingerprint = _read(data)
    kept = fingerprint.to_bytes()  # our own bytes of it: the sender's may hold more than is read of them
    confirmed_at = timezone.now() if owner.has_perm(COUNTS_AT_ONCE) else None
    with transaction.atomic():
        claim_quota(owner=owner, size_bytes=len(kept))
        if confirmed_at is None:
            _claim_hours(owner, fingerprint.duration_s)
        track = Track.objects.create(owner=owner, title=clean_text(title) or UNNAMED)
        ClientFingerprint.objects.create(track=track, confirmed_at=confirmed_at, **_columns(fingerprint, kept))
    log.info("track_added", music_id=str(track.music_id), size_bytes=len(kept), made_by_client=True)
    return track


def replace_outdated(*, track: Track, data: bytes) -> None:
    """Replace an outdated fingerprint by one with the parameters in use; also in the index, if it was there.

    Staff must confirm it again: nobody has compared it with the one before.

    Raises:
        UploadRefusedError: as `add_client_track`, or there is no outdated one.

    """
    fingerprint = _read(data)
    kept = fingerprint.to_bytes()
    confirmed_at = timezone.now() if track.owner.has_perm(COUNTS_AT_ONCE) else None
    with transaction.atomic():
        if confirmed_at is None:
            _claim_hours(track.owner, fingerprint.duration_s, besides=track)
        outdated = ClientFingerprint.objects.filter(track=track).exclude(version=index_log.CURRENT_VERSION)
        changes = _columns(fingerprint, kept) | {"confirmed_at": confirmed_at, "confirmed_by": None}
        if not outdated.update(**changes):
            raise UploadRefusedError("The track with this musicId has no outdated fingerprint.")
        if index_log.place_of(track.pk) is not None:
            index_log.record_add(track_id=track.pk)
    log.info("fingerprint_replaced", music_id=str(track.music_id), size_bytes=len(kept))


def _columns(fingerprint: EngineFingerprint, kept: bytes) -> dict[str, Any]:
    return {
        "version": str(fingerprint.parameters_version),
        "data": kept,
        "size_bytes": len(kept),
        "duration_s": fingerprint.duration_s,
    }


def confirm(*, track: Track, by: User, now: datetime | None = None) -> bool:
    """Let all accounts find a track whose fingerprint its owner made; False if they do already, or it has none."""
    return _set_confirmed(track, confirmed_at=now or timezone.now(), by=by)


def withdraw(*, track: Track) -> bool:
    """Undo `confirm`: from now on only its own account finds the track; False if that is so already."""
    return _set_confirmed(track, confirmed_at=None, by=None)


def _set_confirmed(track: Track, *, confirmed_at: datetime | None, by: User | None) -> bool:
    other = ClientFingerprint.objects.filter(track=track, confirmed_at__isnull=confirmed_at is not None)
    with transaction.atomic():
        changed = other.update(confirmed_at=confirmed_at, confirmed_by=by)
        if changed:
            index_log.record_change(track_id=track.pk)
    if changed:
        log.info("track_confirmed" if confirmed_at else "track_unconfirmed", music_id=str(track.music_id))
    return bool(changed)


def _read(data: bytes) -> EngineFingerprint:
    if len(data) > max_fingerprint_bytes():
        raise UploadRefusedError(f"The fingerprint is larger than the limit of {settings.MAX_FINGERPRINT_KB} kB.")
    try:
        return received_fingerprint(data, longest_s=float(settings.MAX_AUDIO_SECONDS))
    except FingerprintError as error:
        raise UploadRefusedError(f"{error} Make it with: python -m catalog.engine fingerprint FILE") from error


def _claim_hours(owner: User, duration_s: float, *, besides: Track | None = None) -> None:
    """What is not confirmed is searched one account at a time: each worker makes that account's index by itself."""
    take_turns(owner)
    most_hours = settings.ACCOUNT_MAX_UNCONFIRMED_HOURS
    waiting = ClientFingerprint.objects.filter(track__owner=owner, track__removed_at=None, confirmed_at=None)
    if besides:
        waiting = waiting.exclude(track=besides)
    waiting_s = waiting.aggregate(total=Sum("duration_s"))["total"] or 0.0
    if waiting_s + duration_s > most_hours * 3600:
        raise UploadRefusedError(
            f"The account has {waiting_s / 3600:.1f} hours of fingerprints that staff have not confirmed; the limit is "
            f"{most_hours}. Ask staff to confirm them, or remove some."
        )
