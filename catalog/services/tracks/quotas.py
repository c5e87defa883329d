"""How much one account may keep in the catalog."""

from django.conf import settings
from django.contrib.auth.models import User
from django.db.models import Count, Sum
from django.db.models.functions import Coalesce

from catalog.models import Track
from catalog.services.errors import UploadRefusedError


def refuse_over_quota(*, owner: User, size_bytes: int) -> None:
    """Raise `UploadRefusedError` when one more track of `size_bytes` is more than the account may have.

    Files that arrive at the same moment do not see each other: the limit may be passed by those, and by no more.
    """
    most_tracks, most_mb = settings.ACCOUNT_MAX_TRACKS, settings.ACCOUNT_MAX_MB
    if not (most_tracks or most_mb):
        return
    kept = (
        Track.objects.present()
        .filter(owner=owner)
        .aggregate(
            tracks=Count("pk"),
            size=Coalesce(Sum("audio_file__size_bytes"), 0) + Coalesce(Sum("client_fingerprint__size_bytes"), 0),
        )
    )
    if most_tracks and kept["tracks"] >= most_tracks:
        raise UploadRefusedError(f"The account has reached its limit of {most_tracks} tracks. Remove some first.")
    if most_mb and kept["size"] + size_bytes > most_mb * 1024 * 1024:
        raise UploadRefusedError(f"The account has used its {most_mb} MB. Remove some tracks first.")
