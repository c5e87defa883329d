"""Fingerprints, stored with the version of the parameters that made them."""

from django.db import models


class Fingerprint(models.Model):
    """The fingerprint of one audio file under one version of the engine's parameters."""

    audio_file = models.ForeignKey("catalog.AudioFile", on_delete=models.CASCADE, related_name="fingerprints")
    version = models.CharField("parameters' version", max_length=40)
    data = models.BinaryField()
    size_bytes = models.PositiveIntegerField("size")
    duration_s = models.FloatField("duration")
    created_at = models.DateTimeField("made", auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["audio_file", "version"], name="one_fingerprint_per_file_and_version")
        ]

    def __str__(self) -> str:
        return f"fingerprint {self.version} of {self.audio_file_id}"
