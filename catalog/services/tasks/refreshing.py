"""New fingerprints after a change of the engine's parameters: fingerprints of two versions are never compared."""

import structlog
from django.conf import settings
from django.db import transaction
from django.db.models import OuterRef, QuerySet, Subquery
from django_q.models import OrmQ

from catalog.engine import FingerprintError
from catalog.models import IndexOperation, Track
from catalog.services.audio import analysis
from catalog.services.errors import CatalogError
from catalog.services.index import log as index_log
from catalog.services.time_limits import queue_options
from queueing import entries

REFRESH_TASK = "catalog.tasks.refresh_fingerprint"
log = structlog.get_logger(__name__)


def outdated_tracks() -> QuerySet[Track]:
    """Return the tracks that belong in the index, but have fingerprints of other parameters only.

    A restored track whose removal took it out belongs in the index too, if it could not be put back as it was.
    A track that somebody took out does not. Tracks whose fingerprint a client made are left out: there is no audio.
    """
    latest = IndexOperation.objects.filter(track_key=OuterRef("pk")).order_by("-sequence")
    return (
        Track.objects.present()
        .annotate(last_kind=Subquery(latest.values("kind")[:1]), last_version=Subquery(latest.values("version")[:1]))
        .filter(last_kind__isnull=False, client_fingerprint=None)
        .exclude(last_kind=IndexOperation.Kind.ADD, last_version=index_log.CURRENT_VERSION)
        .exclude(last_kind=IndexOperation.Kind.TAKE_OUT)
    )


def has_room() -> bool:
    """Tell whether the queue is short, so that a refresh does not delay people's tasks."""
    waiting: int = OrmQ.objects.filter(key=settings.Q_CLUSTER["name"]).count()
    return waiting < 2 * int(settings.FINGERPRINT_WORKERS)


def request_refresh(*, track_id: int) -> None:
    """Ask a worker to make a track's fingerprint again."""
    track = Track.objects.select_related("audio_file").filter(pk=track_id).first()
    entries.put(REFRESH_TASK, [track_id], cluster=settings.Q_CLUSTER["name"], options=[queue_options(track)])


def refresh(*, track_id: int) -> bool:
    """Make a track's fingerprint again and put it in the index; False if that cannot be done.

    The track keeps the reason until it can be done; staff see it on the track's page and on the overview.
    """
    track = Track.objects.present().select_related("audio_file").filter(pk=track_id).first()
    if track is None:
        return False
    try:
        analysis.fingerprint_of(track)
    except (CatalogError, FingerprintError) as error:
        log.warning("refresh_failed", music_id=str(track.music_id), reason=str(error))
        Track.objects.filter(pk=track_id).update(refresh_error=str(error))
        return False
    with transaction.atomic():
        return index_log.record_again(track_id=track_id)
