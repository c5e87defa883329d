"""The audio formats that uploads may have: the contract's six, and others that a setting allows."""

from dataclasses import dataclass
from pathlib import PurePath

from django.conf import settings

from catalog.engine.audio.info import AudioInfo
from catalog.models import AudioFile

_LOSSLESS = ("flac", "alac", "wavpack", "ape", "tta", "wmalossless", "pcm_")
# Stored as numbers, but of eight bits or companded to them: less than most codecs with loss keep.
_EIGHT_BITS = ("pcm_alaw", "pcm_mulaw", "pcm_vidc", "pcm_u8", "pcm_s8")
LEAST_LOSSLESS_HZ = 32_000  # of the sample rate: less was resampled from a recording that had more


@dataclass(frozen=True)
class Format:
    """An audio format under its usual name. `containers` are FFmpeg's names; stored files get the first ending."""

    name: str
    endings: tuple[str, ...]
    containers: frozenset[str]
    media_type: str


def _format(name: str, endings: str, containers: str, media_type: str) -> Format:
    return Format(name, tuple(f".{ending}" for ending in endings.split()), frozenset(containers.split()), media_type)


CONTRACT = (
    _format("mp3", "mp3 mp2 mp1 mpga", "mp3", "audio/mpeg"),
    _format("wav", "wav wave rf64", "wav", "audio/wav"),  # RF64 is a WAV of more than 4 GB
    _format("flac", "flac", "flac", "audio/flac"),
    _format("m4a", "m4a m4b alac", "mov mp4", "audio/mp4"),
    _format("aac", "aac", "aac", "audio/aac"),
    _format("ogg", "ogg oga opus spx", "ogg", "audio/ogg"),
)
BEYOND = (
    _format("aiff", "aiff aif aifc", "aiff", "audio/aiff"),
    _format("caf", "caf", "caf", "audio/x-caf"),
    _format("w64", "w64", "w64", "audio/x-w64"),
    _format("au", "au snd", "au", "audio/basic"),
    _format("wma", "wma", "asf", "audio/x-ms-wma"),
    _format("wavpack", "wv", "wv", "audio/x-wavpack"),
    _format("ape", "ape", "ape", "audio/x-ape"),
    _format("tta", "tta", "tta", "audio/x-tta"),
    _format("matroska", "mka weba", "matroska webm", "audio/x-matroska"),
)
# The sound beside moving pictures, in whichever of the containers above that are taken.
VIDEO = _format("video", "mp4 m4v mov 3gp webm mkv wmv ogv", "", "video/mp4")
NAMES_BEYOND = tuple(found.name for found in (*BEYOND, VIDEO))
# Taken or not, they say what a file is: "Brightside" in "Mr. Brightside" does not, and stays in the title.
ALL_ENDINGS = frozenset(ending for found in (*CONTRACT, *BEYOND, VIDEO) for ending in found.endings)
_MEDIA_TYPES = {ending: found.media_type for found in (*CONTRACT, *BEYOND, VIDEO) for ending in found.endings}


def taken() -> tuple[Format, ...]:
    """Return the formats that this deployment accepts, the contract's six first."""
    return CONTRACT + tuple(found for found in (*BEYOND, VIDEO) if found.name in settings.FORMATS_BEYOND_CONTRACT)


def listed(last: str = "and") -> str:
    """Return the names of the accepted formats, for a sentence: `mp3, wav and flac`."""
    *names, end = (found.name for found in taken())
    return f"{', '.join(names)} {last} {end}"


def endings() -> frozenset[str]:
    """Return the file name endings of the accepted formats."""
    return frozenset(ending for found in taken() for ending in found.endings)


def format_of(info: AudioInfo) -> Format | None:
    """Return the format of a file, or None if it is not accepted."""
    containers = set(info.container.split(","))
    found = next((known for known in taken() if known.containers & containers), None)
    return found if not info.has_video or VIDEO in taken() else None


def suffix_of(info: AudioInfo) -> str:
    """Return the ending that a stored file of this format gets; empty if it is not accepted."""
    found = format_of(info)
    if found is None:
        return ""
    return VIDEO.endings[0] if info.has_video and ".m4a" in found.endings else found.endings[0]


def media_type_of(stored_name: str) -> str:
    """Return the media type under which a stored file is served."""
    return _MEDIA_TYPES.get(PurePath(stored_name).suffix, "application/octet-stream")


def keeps_samples(audio_file: AudioFile) -> bool:
    """Tell whether the codec is lossless: decoding gives back the samples that were encoded."""
    return audio_file.codec.lower().startswith(_LOSSLESS)


def has_eight_bits(audio_file: AudioFile) -> bool:
    """Tell whether samples have eight bits: their rounding is audible, and fills the spectrum to its end."""
    return audio_file.codec.lower().startswith(_EIGHT_BITS)


def is_lossless(audio_file: AudioFile) -> bool:
    """Tell whether the file claims to be lossless; its spectrum (`cutoff_hz`) says what it really holds."""
    is_resampled = audio_file.sample_rate_hz < LEAST_LOSSLESS_HZ
    return keeps_samples(audio_file) and not is_resampled and not has_eight_bits(audio_file)
