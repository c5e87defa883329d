"""What one file may cost to decode."""

from django.conf import settings

from catalog.engine.audio.decoding import DecodeLimits


def decode_limits() -> DecodeLimits:
    """Return the decoder's limits as this deployment sets them."""
    return DecodeLimits(
        max_s=float(settings.MAX_AUDIO_SECONDS),
        wall_s=float(settings.DECODE_WALL_SECONDS),
        cpu_s=int(settings.DECODE_WALL_SECONDS),
        address_space_bytes=settings.DECODE_MEMORY_MB * 1024 * 1024,
    )
