"""Free space on the data folder's disk: uploads are refused while the database can still write."""

import shutil

from django.conf import settings

from catalog.services.errors import NotReachableError


def free_mb() -> int:
    """Return the free space on the data folder's disk, in MB."""
    return shutil.disk_usage(settings.DATA_DIR).free // (1024 * 1024)


def has_room(*, for_mb: int = 0) -> bool:
    """Tell whether `DISK_RESERVE_MB` would still be free after `for_mb` MB more; uploads are refused otherwise."""
    return free_mb() - for_mb >= int(settings.DISK_RESERVE_MB)


def require(*, for_mb: int = 0) -> None:
    """Raise `NotReachableError` if there is no room for `for_mb` MB more."""
    if not has_room(for_mb=for_mb):
        raise NotReachableError("There is not enough disk space for uploads at the moment. Try again later.")
