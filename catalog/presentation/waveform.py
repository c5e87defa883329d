"""A small waveform as an SVG path, from the stored peaks."""

from itertools import pairwise

from catalog.models import AudioFile

COLUMNS = 48
HEIGHT = 24


def thumbnail(audio_file: AudioFile | None, *, columns: int = COLUMNS) -> str:
    """Return an SVG path of `columns` bars in a box of twice `columns` by `HEIGHT`; empty where there are no peaks."""
    peaks = bytes(audio_file.peaks or b"") if audio_file else b""
    if not peaks:
        return ""
    count = min(columns, len(peaks))
    edges = [number * len(peaks) // count for number in range(count + 1)]
    loudest = max(*peaks, 1)
    sizes = [max(peaks[low:high], default=0) / loudest * HEIGHT for low, high in pairwise(edges)]
    bars = [max(size, 1.0) for size in sizes]
    return "".join(f"M{number * 2 + 1} {(HEIGHT - bar) / 2:.1f}v{bar:.1f}" for number, bar in enumerate(bars))
