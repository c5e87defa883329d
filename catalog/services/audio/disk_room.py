"""Room on the data folder's disk: uploads stop before the database can no longer write."""

import shutil

from django.conf import settings


def free_mb() -> int:
    """Return the room on the disk of the data folder, MB."""
    return shutil.disk_usage(settings.DATA_DIR).free // (1024 * 1024)


def has_room() -> bool:
    """Tell whether uploads are taken: more is free than `DISK_RESERVE_MB`."""
    return free_mb() >= int(settings.DISK_RESERVE_MB)
