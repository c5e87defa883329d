"""Removing tracks: out of the index at once, restorable for a time, then gone for good."""

from datetime import datetime, timedelta

import structlog
from django.conf import settings
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from catalog.models import AudioFile, ClientFingerprint, Fingerprint, IndexOperation, Track
from catalog.services.audio import stored_files
from catalog.services.errors import TrackGoneError
from catalog.services.index import log as index_log
from catalog.services.tasks import refreshing
from queueing.retrying import for_each

_HAS_SOMETHING = Q(audio_file__isnull=False) | Q(client_fingerprint__isnull=False)
log = structlog.get_logger(__name__)


def remove_track(*, track: Track) -> bool:
    """Remove `track` from the catalog and the index; False if it was removed already.

    Its audio stays for `REMOVED_KEPT_HOURS`, so that `restore_track` can restore it; its history stays for ever.
    """
    with transaction.atomic():
        removed = Track.objects.filter(pk=track.pk, removed_at=None).update(removed_at=timezone.now())
        if removed:
            index_log.record_remove(track_id=track.pk)
    if removed:
        log.info("track_removed", music_id=str(track.music_id))
    return bool(removed)


def restorable(tracks: QuerySet[Track]) -> QuerySet[Track]:
    """Return those of `tracks` that were removed and can be restored."""
    return tracks.filter(_HAS_SOMETHING, removed_at__isnull=False)


def take_out_of_index(*, track: Track) -> bool:
    """Take `track` out of the index, so that no check finds it; it stays in the catalog. False if it was not in.

    An add that has not ended puts it in again when it ends.
    """
    with transaction.atomic():
        taken_out = index_log.record_take_out(track_id=track.pk)
    if taken_out:
        log.info("track_unindexed", music_id=str(track.music_id))
    return taken_out


def restore_track(*, track: Track) -> bool:
    """Restore a removed track, into the index too if it was there; False if it is not removed.

    Raises:
        TrackGoneError: its audio is gone.

    """
    with transaction.atomic():
        restored = restorable(Track.objects.filter(pk=track.pk)).update(removed_at=None)
        if restored and _was_indexed(track.pk):
            _put_back(track.pk)
    if restored:
        log.info("track_restored", music_id=str(track.music_id))
    elif Track.objects.filter(pk=track.pk, removed_at__isnull=False).exists():
        raise TrackGoneError("The track was removed and its audio was deleted.")
    return bool(restored)


def _was_indexed(track_id: int) -> bool:
    """Tell whether its removal took the track out of the index."""
    latest = IndexOperation.objects.filter(track_key=track_id).order_by("-sequence").first()
    return latest is not None and latest.kind == IndexOperation.Kind.REMOVE


def _put_back(track_id: int) -> None:
    """Put the track in the index as it is, or by a new fingerprint where the engine's parameters changed meanwhile."""
    version = index_log.CURRENT_VERSION
    client = ClientFingerprint.objects.filter(track=track_id)
    known = Fingerprint.objects.filter(audio_file__tracks=track_id, version=version)
    if known.exists() or client.filter(version=version).exists():
        index_log.record_add(track_id=track_id)
    elif not client.exists():  # there is no audio to make another from
        refreshing.request_refresh(track_id=track_id)


def purge_removed(*, now: datetime | None = None) -> int:
    """Delete the audio of removed tracks that can no longer be restored; return how many.

    Bytes that no track has any more go with `stored_files.remove_due`.

    Raises:
        SomeFailedError: after all of them, where some could not be.

    """
    before = (now or timezone.now()) - timedelta(hours=settings.REMOVED_KEPT_HOURS)
    over = Track.objects.filter(_HAS_SOMETHING, removed_at__lt=before)
    return for_each(list(over.values_list("pk", flat=True).order_by("pk")), lambda pk: _purge(pk, before))


def _purge(track_id: int, before: datetime) -> int:
    track = Track.objects.select_related("audio_file").get(pk=track_id)
    with transaction.atomic():
        # Asked again: it may have been brought back since.
        let_go = Track.objects.filter(pk=track.pk, removed_at__lt=before).update(audio_file=None)
        if let_go:
            ClientFingerprint.objects.filter(track=track_id).delete()
        known = track.audio_file
        # Locked, so that a track of the same bytes that is being added now is seen, or waits until they are gone.
        audio_file = AudioFile.objects.select_for_update().filter(pk=known.pk).first() if known and let_go else None
        if audio_file and not audio_file.tracks.exists():
            audio_file.delete()
            stored_files.let_go(audio_file.stored_name)
    return let_go
