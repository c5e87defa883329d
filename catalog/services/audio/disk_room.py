"""Room on the data folder's disk: uploads stop before the database can no longer write."""

import shutil

from django.conf import settings

from catalog.services.errors import NotReachableError


def free_mb() -> int:
    """Return the room on the disk of the data folder, MB."""
    return shutil.disk_usage(settings.DATA_DIR).free // (1024 * 1024)


def has_room(*, for_mb: int = 0) -> bool:
    """Tell whether uploads are taken: with so much more on the disk, no less than `DISK_RESERVE_MB` is free."""
    return free_mb() - for_mb >= int(settings.DISK_RESERVE_MB)


def require(*, for_mb: int = 0) -> None:
    """Raise `NotReachableError` where uploads are not taken."""
    if not has_room(for_mb=for_mb):
        raise NotReachableError("There is not enough disk space for uploads at the moment. Try again later.")
