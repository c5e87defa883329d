"""The single operations: each takes a clip and gives it back altered, with its spans, tempo and pitch kept true."""

import io
import subprocess
from dataclasses import replace

import numpy as np

from bench.audio import RATE, as_wav, decoded, filtered, transcoded
from bench.clip import Clip, Operation, Strangers, spliced, stretched

CODECS = {
    "mp3": ("libmp3lame", "mp3", 44_100),
    "mp2": ("mp2", "mp2", 44_100),
    "aac": ("aac", "mp4", 44_100),
    "opus": ("libopus", "ogg", 48_000),
    "ac3": ("ac3", "ac3", 44_100),
    "wma": ("wmav2", "asf", 44_100),
    "mulaw8k": ("pcm_mulaw", "wav", 8_000),
    "adpcm22k": ("adpcm_ima_wav", "wav", 22_050),
}
WMA_LEAD = 2048  # samples that its decoder loses at the start
SILENCE_RMS = 1e-4


def codec(name: str, bit_rate: str | None = None) -> Operation:
    """Encoded and decoded again."""
    options = {"b": bit_rate} if bit_rate else {}
    lead = WMA_LEAD if name == "wma" else 0

    def run(clip: Clip, _rng: np.random.Generator, _strangers: Strangers) -> Clip:
        samples = np.pad(clip.samples, ((0, 0), (lead, 0)))
        return replace(clip, samples=transcoded(samples, *CODECS[name], options)[:, : clip.samples.shape[1]])

    return run


def vorbis(quality: float) -> Operation:
    """Through libvorbis (Debian's oggenc: FFmpeg's own Vorbis encoder stops on some music with a failed assertion)."""

    def run(clip: Clip, _rng: np.random.Generator, _strangers: Strangers) -> Clip:
        command = ["oggenc", "--quiet", "--quality", str(quality), "--output", "-", "-"]
        encoded = subprocess.run(command, input=as_wav(clip.samples), check=True, capture_output=True).stdout
        return replace(clip, samples=decoded(io.BytesIO(encoded))[:, : clip.samples.shape[1]])

    return run


def ffmpeg(description: str) -> Operation:
    """Through FFmpeg's filters, which leave time and pitch as they are."""

    def run(clip: Clip, _rng: np.random.Generator, _strangers: Strangers) -> Clip:
        return replace(clip, samples=filtered(clip.samples, description)[:, : clip.samples.shape[1]])

    return run


def wobble(rate_hz: float, deviation: float) -> Operation:
    """Wow and flutter of a tape: the speed swings by ``deviation`` (0.01 is 1 %) so many times a second.

    By interpolation: FFmpeg's vibrato falls silent for good after some seconds of certain music.
    """

    def run(clip: Clip, rng: np.random.Generator, _strangers: Strangers) -> Clip:
        n = clip.samples.shape[1]
        places = np.arange(n, dtype=np.float64)
        swing = deviation * RATE / (2 * np.pi * rate_hz)
        heard = places + swing * np.sin(2 * np.pi * rate_hz * places / RATE + rng.uniform(0, 6))
        return replace(clip, samples=np.stack([np.interp(heard, places, c) for c in clip.samples]).astype(np.float32))

    return run


def tempo(ratio: float) -> Operation:
    """Faster or slower at the same pitch (overlap-add)."""

    def run(clip: Clip, _rng: np.random.Generator, _strangers: Strangers) -> Clip:
        return stretched(clip, filtered(clip.samples, f"atempo={ratio:.6f}"), ratio, 0.0)

    return run


def speed(ratio: float) -> Operation:
    """Faster and higher together, as a record that turns too fast."""

    def run(clip: Clip, _rng: np.random.Generator, _strangers: Strangers) -> Clip:
        rate = round(RATE * ratio)
        samples = filtered(clip.samples, f"asetrate={rate},aresample={RATE}")
        return stretched(clip, samples, rate / RATE, 12 * float(np.log2(rate / RATE)))

    return run


def pitch(semitones: float) -> Operation:
    """Higher or lower at the same tempo."""

    def run(clip: Clip, rng: np.random.Generator, strangers: Strangers) -> Clip:
        faster = speed(2 ** (semitones / 12))(clip, rng, strangers)
        return tempo(clip.tempo / faster.tempo)(faster, rng, strangers)

    return run


def gain_clipped(gain_db: float) -> Operation:
    """Louder by so much over full scale, and cut off there."""

    def run(clip: Clip, _rng: np.random.Generator, _strangers: Strangers) -> Clip:
        peak = np.abs(clip.samples).max(initial=1e-9)
        return replace(clip, samples=np.clip(clip.samples / peak * 10 ** (gain_db / 20), -1, 1))

    return run


def channels(left: tuple[float, float], right: tuple[float, float]) -> Operation:
    """New left and right as sums of the old two: (1, -1) is left minus right."""
    matrix = np.array([left, right], dtype=np.float32)

    def run(clip: Clip, _rng: np.random.Generator, _strangers: Strangers) -> Clip:
        return replace(clip, samples=matrix @ clip.samples)

    return run


def reverb(rt60_s: float, wet: float) -> Operation:
    """A hall: noise that dies away, different left and right, at ``wet`` times the direct sound's energy."""

    def run(clip: Clip, rng: np.random.Generator, _strangers: Strangers) -> Clip:
        n = round(rt60_s * RATE)
        tail = rng.standard_normal((2, n)) * 10 ** (-3 * np.arange(n) / n)
        tail *= np.sqrt(wet) / np.sqrt((tail**2).sum(axis=1, keepdims=True))
        tail[:, 0] += 1
        size = 1 << int(np.ceil(np.log2(clip.samples.shape[1] + n)))
        spectrum = np.fft.rfft(clip.samples, size) * np.fft.rfft(tail, size)
        return replace(clip, samples=np.fft.irfft(spectrum, size)[:, : clip.samples.shape[1]].astype(np.float32))

    return run


def noise(colour: str, snr_db: float) -> Operation:
    """White (0), pink (-3) or brown (-6 dB an octave) noise over it; ``snr_db`` of music against noise."""
    slope = {"white": 0.0, "pink": 0.5, "brown": 1.0}[colour]

    def run(clip: Clip, rng: np.random.Generator, _strangers: Strangers) -> Clip:
        return mixed(clip, coloured(clip.samples.shape[1], slope, rng), snr_db)

    return run


def coloured(n: int, slope: float, rng: np.random.Generator) -> np.ndarray:
    """(2, n) noise whose amplitude falls as frequency to the power ``slope`` above 20 Hz."""
    spectrum = np.fft.rfft(rng.standard_normal((2, n)))
    shape = np.maximum(np.fft.rfftfreq(n, 1 / RATE), 20.0) ** -slope
    return np.fft.irfft(spectrum * shape, n)


def speech_over(ratio_db: float) -> Operation:
    """Somebody talks over it; ``ratio_db`` of music against speech."""
    return lambda clip, rng, strangers: mixed(clip, strangers.speech(clip.samples.shape[1], rng), ratio_db)


def music_over(ratio_db: float) -> Operation:
    """Other music plays along; ``ratio_db`` of this against the other."""
    return lambda clip, rng, strangers: mixed(clip, strangers.music(clip.samples.shape[1], rng), ratio_db)


def mixed(clip: Clip, other: np.ndarray, ratio_db: float) -> Clip:
    """``clip`` with ``other`` added so that the root mean squares stand ``ratio_db`` apart."""
    rms = max(float(np.sqrt((clip.samples**2).mean())), SILENCE_RMS)
    level = rms / max(float(np.sqrt((other**2).mean())), SILENCE_RMS) * 10 ** (-ratio_db / 20)
    return replace(clip, samples=(clip.samples + level * other).astype(np.float32))


def inside_other_music(total_s: float) -> Operation:
    """The clip somewhere inside ``total_s`` of other music, at the same loudness, cut in and out hard."""

    def run(clip: Clip, rng: np.random.Generator, strangers: Strangers) -> Clip:
        other = strangers.music(round(total_s * RATE), rng)
        other = other * (np.sqrt((clip.samples**2).mean()) / max(np.sqrt((other**2).mean()), SILENCE_RMS))
        at = round(float(rng.uniform(0.1, 0.8)) * (other.shape[1] - clip.samples.shape[1]))
        return spliced(clip, [other[:, :at], (0.0, clip.duration_s), other[:, at + clip.samples.shape[1] :]])

    return run
