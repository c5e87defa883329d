"""Fingerprints that clients made of recordings that this service never heard."""

from django.conf import settings
from django.db import models

from catalog.engine import PARAMETERS_VERSION


class ClientFingerprint(models.Model):
    """The fingerprint of a track without audio; its owner's program made it.

    Nobody can tell whether it is of the recording that its owner names. Until staff confirm it, checks of other
    accounts do not find it (docs/uploads.md).
    """

    track = models.OneToOneField(
        "catalog.Track", on_delete=models.CASCADE, primary_key=True, related_name="client_fingerprint"
    )
    version = models.CharField("parameters' version", max_length=40)
    data = models.BinaryField()
    size_bytes = models.PositiveIntegerField("size")
    duration_s = models.FloatField("duration")
    confirmed_at = models.DateTimeField("confirmed", null=True, blank=True)
    confirmed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, related_name="+", null=True, blank=True
    )
    created_at = models.DateTimeField("uploaded", auto_now_add=True)

    class Meta:
        permissions = [("upload_confirmed", "Can upload fingerprints that count for all accounts at once")]

    def __str__(self) -> str:
        return f"fingerprint {self.version} of track {self.track_id}, made by the client"

    @property
    def is_outdated(self) -> bool:
        """Whether the engine's parameters changed since, so that it is compared with nothing any more."""
        return self.version != str(PARAMETERS_VERSION)
