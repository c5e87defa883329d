"""Beginning an upload: it is refused before the first byte if it cannot succeed."""

from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import F, Q, QuerySet, Sum
from django.utils import timezone

from catalog.models import Upload
from catalog.services.audio import disk_room
from catalog.services.errors import UploadRefusedError
from catalog.services.tracks.adding import refuse_size
from catalog.services.tracks.file_names import plain_name
from catalog.services.tracks.quotas import refuse_over_quota, take_turns
from catalog.services.tracks.tags import MAX_TEXT_CHARS
from queueing.lease import Lease

LEASE = Lease()
MB = 1024 * 1024


def kept_for() -> timedelta:
    """Return how long an upload is kept after its last bytes."""
    return timedelta(hours=settings.UPLOAD_KEPT_HOURS)


def open_upload(
    *, owner: User, way: str, size_bytes: int, file_name: str, metadata: str = "", now: datetime | None = None
) -> Upload:
    """Store the row of a new upload.

    Raises:
        UploadRefusedError: it is too large, or more than the account may have, with what it has begun already.
        NotReachableError: there is no room on the disk.

    """
    refuse_size(size_bytes, most_mb=settings.MAX_RESUMABLE_MB)
    with transaction.atomic():
        take_turns(owner)
        _refuse_too_much(owner, size_bytes)
        refuse_without_room(size_bytes if way == Upload.Way.RESUMABLE else 0)
        return Upload.objects.create(
            owner=owner,
            way=way,
            size_bytes=size_bytes,
            file_name=plain_name(file_name)[:MAX_TEXT_CHARS],
            metadata=metadata,
            expires_at=(now or timezone.now()) + kept_for(),
        )


def _refuse_too_much(owner: User, size_bytes: int) -> None:
    begun = begun_by(owner)
    if begun.count() >= settings.ACCOUNT_MAX_OPEN_UPLOADS:
        raise UploadRefusedError(
            f"The account has {settings.ACCOUNT_MAX_OPEN_UPLOADS} uploads that have not ended. "
            "Finish or delete some first."
        )
    waiting = begun.aggregate(size=Sum("size_bytes"))["size"] or 0
    refuse_over_quota(owner=owner, size_bytes=size_bytes + waiting)


def refuse_without_room(more_bytes: int) -> None:
    """Raise `NotReachableError` if `more_bytes`, with what others may still send, would leave too little space."""
    coming = Upload.objects.filter(way=Upload.Way.RESUMABLE, state=Upload.State.OPEN)
    coming_bytes = coming.aggregate(left=Sum(F("size_bytes") - F("received_bytes")))["left"] or 0
    disk_room.require(for_mb=(more_bytes + coming_bytes) // MB)


def begun_by(owner: User) -> QuerySet[Upload]:
    """Return the account's uploads that use space and are no tracks yet."""
    in_bucket = Q(way=Upload.Way.PRESIGNED, state=Upload.State.REFUSED)  # its bytes go when the row expires
    return Upload.objects.filter(Q(state=Upload.State.OPEN) | in_bucket, owner=owner)
