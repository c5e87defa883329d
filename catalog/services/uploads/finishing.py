"""The end of an upload: the same track as by `POST /api/v1/music`, made once, however often the end is asked for."""

from pathlib import Path

import structlog
from django.conf import settings
from django.db.models import QuerySet

from catalog.models import Track, Upload
from catalog.services.errors import UploadRefusedError
from catalog.services.tracks import adding
from catalog.services.uploads.errors import UploadBusyError
from catalog.services.uploads.opening import LEASE

log = structlog.get_logger(__name__)


def held(upload: Upload) -> QuerySet[Upload]:
    """Return the upload's row, if this call still holds it."""
    return LEASE.held(Upload.objects.filter(pk=upload.pk, state=Upload.State.OPEN), upload.lease_token)


def make_track(upload: Upload, source: Path) -> None:
    """Make the track of an upload that this call holds, from the bytes at `source`: track and end, or neither.

    Raises:
        UploadRefusedError: the bytes cannot become a track; the message says why. The upload has ended with it.
        UploadBusyError: another call took the upload over meanwhile.
        NotReachableError: the store of files cannot take it now.

    """

    def end(track: Track) -> None:
        ended = held(upload).update(
            state=Upload.State.DONE, track=track, received_bytes=upload.size_bytes, **LEASE.freed()
        )
        if not ended:
            raise UploadBusyError("Another call has taken this upload over.")

    try:
        track = adding.add_track(
            owner=upload.owner,
            source=source,
            file_name=upload.file_name,
            also=end,
            most_mb=settings.MAX_RESUMABLE_MB,
        )
    except UploadRefusedError as error:
        held(upload).update(state=Upload.State.REFUSED, error=str(error), **LEASE.freed())
        raise
    upload.state, upload.track, upload.received_bytes = Upload.State.DONE, track, upload.size_bytes
    log.info("upload_finished", upload=str(upload.pk), way=upload.way, music_id=str(track.music_id))
