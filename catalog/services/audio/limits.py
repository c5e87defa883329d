"""Limits of what decoding one file may cost."""

from django.conf import settings

from catalog.engine.audio.decoding import DecodeLimits
from catalog.services.time_limits import decoding_wall_s


def decode_limits(length_s: float | None = None) -> DecodeLimits:
    """Return the decoder's limits from the settings, for a file that claims to be `length_s` seconds long."""
    wall_s = decoding_wall_s(length_s)
    return DecodeLimits(
        max_s=float(settings.MAX_AUDIO_SECONDS),
        wall_s=wall_s,
        cpu_s=int(wall_s),
        address_space_bytes=settings.DECODE_MEMORY_MB * 1024 * 1024,
    )
