"""How much one account may keep in the catalog."""

from django.conf import settings
from django.contrib.auth.models import User
from django.db.models import Count, Sum
from django.db.models.functions import Coalesce

from catalog.models import Track
from catalog.services.errors import UploadRefusedError


def take_turns(owner: User) -> None:
    """Make all others who check this account's quota wait until the transaction ends; then they see its result.

    On SQLite it does nothing: a transaction that writes is alone from its beginning.
    """
    User.objects.select_for_update(no_key=True).filter(pk=owner.pk).first()


def claim_quota(*, owner: User, size_bytes: int) -> None:
    """Raise as `refuse_over_quota`, in the transaction that stores the track: no other one gets past it meanwhile."""
    if _has_quota():
        take_turns(owner)
        refuse_over_quota(owner=owner, size_bytes=size_bytes)


def _has_quota() -> bool:
    return bool(settings.ACCOUNT_MAX_TRACKS or settings.ACCOUNT_MAX_MB)


def refuse_over_quota(*, owner: User, size_bytes: int) -> None:
    """Raise `UploadRefusedError` if one more track of `size_bytes` is more than the account may have."""
    if not _has_quota():
        return
    most_tracks, most_mb = settings.ACCOUNT_MAX_TRACKS, settings.ACCOUNT_MAX_MB
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
