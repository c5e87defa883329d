"""Stored bytes, once for however many tracks share them."""

from django.db import models


class AudioFile(models.Model):
    """One stored file, known by its SHA-256. Before this row and after it, `PendingFile` names the bytes."""

    sha256 = models.CharField("SHA-256", max_length=64, unique=True)
    stored_name = models.CharField(max_length=100, help_text="Path below the audio folder")
    size_bytes = models.PositiveBigIntegerField("size")
    container = models.CharField(max_length=40)
    codec = models.CharField(max_length=40)
    duration_s = models.FloatField("duration")
    sample_rate_hz = models.PositiveIntegerField("sample rate")
    channels = models.PositiveSmallIntegerField()
    bit_rate = models.PositiveIntegerField("bit rate", null=True, blank=True)
    peaks = models.BinaryField(null=True, blank=True, editable=False, help_text="Waveform peaks, one byte each")
    created_at = models.DateTimeField("stored", auto_now_add=True)

    class Meta:
        verbose_name = "audio file"

    def __str__(self) -> str:
        return f"{self.codec} {self.sha256[:12]}"
