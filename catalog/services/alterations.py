"""What was altered between two copies, as the match between them measured it."""

from catalog.models import AudioFile, Match
from catalog.models.conflicts import LEAST_TEMPO
from catalog.services.audio.formats import keeps_samples

LEAST_PITCH = 0.2  # semitones
# Mean similarity; a copy with nothing over it has 0.85 and more, whatever else was done to it.
MASKED_UNDER = 0.75
BAND_LIMITED = 0.75  # of the other's highest frequency
OTHER_BIT_RATE = 1.1


def changes_tempo(match: Match) -> bool:
    """Tell whether one of the two is faster than the other."""
    return abs(match.tempo_ratio - 1) >= LEAST_TEMPO


def changes_pitch(match: Match) -> bool:
    """Tell whether one of the two is higher than the other."""
    return abs(match.pitch_semitones) >= LEAST_PITCH


def is_masked(match: Match) -> bool:
    """Tell whether one of the two has something over it: speech, other music, noise."""
    return match.similarity is not None and match.similarity < MASKED_UNDER


def is_re_encoded(a: AudioFile, b: AudioFile) -> bool:
    """Tell whether one of the two was encoded again with loss: by another codec, or at another bit rate."""
    if keeps_samples(a) and keeps_samples(b):
        return False
    if codec_name(a) != codec_name(b):
        return True
    rates = sorted([a.bit_rate or 0, b.bit_rate or 0])
    return rates[0] > 0 and rates[1] > rates[0] * OTHER_BIT_RATE


def is_band_limited(file: AudioFile, other: AudioFile) -> bool:
    """Tell whether a file lacks the treble that the other has; False if either was not measured."""
    return bool(file.cutoff_hz and other.cutoff_hz and file.cutoff_hz < BAND_LIMITED * other.cutoff_hz)


def codec_name(audio_file: AudioFile) -> str:
    """Return the codec's usual name: FFmpeg says `mp3float`, and has a name for every kind of PCM."""
    return "wav" if audio_file.codec.startswith("pcm_") else audio_file.codec.removesuffix("float")
