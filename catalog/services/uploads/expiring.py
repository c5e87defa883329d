"""Expired uploads: their rows are deleted with what had arrived of them."""

import os
import time
from contextlib import suppress
from datetime import datetime

import structlog
from django.db import transaction
from django.utils import timezone

from catalog.models import Upload
from catalog.services.audio import stored_files
from catalog.services.uploads import resumable
from catalog.services.uploads.opening import LEASE, kept_for
from catalog.services.uploads.presigned import stored_name
from queueing.retrying import for_each

log = structlog.get_logger(__name__)
_AT_ONCE = 1000


def expire_uploads(*, now: datetime | None = None) -> int:
    """Delete expired uploads, ended or not, and files without a row; return how many uploads.

    Raises:
        SomeFailedError: after all of them, if some could not be deleted.

    """
    now = now or timezone.now()
    over = Upload.objects.filter(LEASE.free(now), expires_at__lt=now)
    gone = for_each(list(over.order_by("expires_at")[:_AT_ONCE]), lambda upload: _expire(upload, now))
    _remove_strays()
    if gone:
        log.info("uploads_expired", count=gone)
    return gone


def _expire(upload: Upload, now: datetime) -> int:
    with transaction.atomic():
        # Asked again: somebody may have gone on with it since.
        gone = Upload.objects.filter(LEASE.free(now), pk=upload.pk, expires_at__lt=now).delete()[0]
        if gone and upload.way == Upload.Way.PRESIGNED:
            stored_files.let_go(stored_name(upload))
    if gone:
        resumable.path_of(upload).unlink(missing_ok=True)
    return int(bool(gone))


def _remove_strays() -> None:
    """Remove files without a row that nothing was written to for as long as an upload is kept."""
    limit_s = time.time() - kept_for().total_seconds()
    with os.scandir(resumable.folder()) as entries:
        old = [entry.path for entry in entries if entry.is_file() and entry.stat().st_mtime < limit_s]
    for path in old:
        with suppress(ValueError):  # a name of somebody else's
            if not Upload.objects.filter(pk=os.path.basename(path)).exists():  # noqa: PTH119
                os.unlink(path)  # noqa: PTH108
