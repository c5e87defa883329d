"""Stored audio files. Tracks with the same bytes share one."""

from django.db import models
from django.db.models import F, Q

from catalog.engine.audio.info import most_claimed_s


def damaged_audio(prefix: str = "") -> Q:
    """Match rows whose audio is known to be incomplete; `prefix` is the path to the file, such as `audio_file__`."""
    most_s = most_claimed_s(F(f"{prefix}duration_s"))
    return Q(**{f"{prefix}skipped_places__gt": 0}) | Q(**{f"{prefix}claimed_s__gt": most_s})


class AudioFile(models.Model):
    """One stored file, found by its SHA-256. While its bytes are written or removed, `PendingFile` has its name."""

    sha256 = models.CharField("SHA-256", max_length=64, unique=True)
    stored_name = models.CharField(max_length=100, help_text="Path below the audio folder")
    size_bytes = models.PositiveBigIntegerField("size")
    container = models.CharField(max_length=40)
    codec = models.CharField(max_length=40)
    duration_s = models.FloatField("duration")
    sample_rate_hz = models.PositiveIntegerField("sample rate")
    channels = models.PositiveSmallIntegerField()
    bit_rate = models.PositiveIntegerField("bit rate", null=True, blank=True)
    # What decoding found; nothing before the file was decoded.
    claimed_s = models.FloatField("stated length", null=True, blank=True, help_text="If the file states one")
    skipped_places = models.PositiveIntegerField("places left out", null=True, blank=True)
    skipped_s = models.FloatField("seconds left out", null=True, blank=True)
    audio_tracks = models.PositiveSmallIntegerField("audio tracks in the file", null=True, blank=True)
    audio_track = models.PositiveSmallIntegerField("audio track that was read", null=True, blank=True)
    default_track = models.PositiveSmallIntegerField("default audio track", null=True, blank=True)
    samples_digest = models.CharField(max_length=32, blank=True, default="", help_text="Digest of the decoded samples")
    cutoff_hz = models.PositiveIntegerField("highest frequency", null=True, blank=True)
    peaks = models.BinaryField(null=True, blank=True, editable=False, help_text="Waveform peaks, one byte each")
    created_at = models.DateTimeField("stored", auto_now_add=True)

    class Meta:
        verbose_name = "audio file"

    def __str__(self) -> str:
        return f"{self.codec} {self.sha256[:12]}"

    @property
    def is_cut_short(self) -> bool:
        """Whether clearly less audio was decoded than the file promises."""
        return self.claimed_s is not None and self.claimed_s > most_claimed_s(self.duration_s)

    @property
    def is_damaged(self) -> bool:
        """Whether some of the audio is known to be missing; `damaged_audio` asks the database the same."""
        return bool(self.skipped_places) or self.is_cut_short
