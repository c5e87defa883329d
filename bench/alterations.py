"""Every alteration of the bench by name, with its family; the recall goals are per family."""

from dataclasses import dataclass

import numpy as np

from bench import edits, effects
from bench.clip import Operation, chain

SINGLE_FAMILIES = frozenset({"codec", "loudness", "filter", "room", "channels", "noise", "masking", "edit"})
GRID_FAMILIES = frozenset({"pitch", "tempo", "speed"})


@dataclass(frozen=True)
class Alteration:
    """``value`` is the x of the family's plot: semitones, ratio or dB; ``stereo``: the query keeps two channels."""

    name: str
    family: str
    apply: Operation
    value: float = 0.0
    tempo: float = 1.0
    stereo: bool = False


def _singles() -> list[Alteration]:
    made = {
        "codec": {
            "clean": chain(),
            "mp3 128k": effects.codec("mp3", "128k"),
            "mp3 64k": effects.codec("mp3", "64k"),
            "mp3 32k": effects.codec("mp3", "32k"),
            "mp2 96k": effects.codec("mp2", "96k"),
            "aac 96k": effects.codec("aac", "96k"),
            "aac 48k": effects.codec("aac", "48k"),
            "vorbis q -1": effects.vorbis(-1),
            "opus 64k": effects.codec("opus", "64k"),
            "opus 24k": effects.codec("opus", "24k"),
            "wma 64k": effects.codec("wma", "64k"),
            "ac3 96k": effects.codec("ac3", "96k"),
            "mu-law 8 kHz": effects.codec("mulaw8k"),
            "adpcm 22 kHz": effects.codec("adpcm22k"),
        },
        "loudness": {
            "20 dB quieter": effects.ffmpeg("volume=-20dB"),
            "compressed hard": effects.ffmpeg("acompressor=threshold=0.02:ratio=15:attack=3:release=80:makeup=8"),
            "levelled": effects.ffmpeg("dynaudnorm=f=150:g=5"),
            "clipped 12 dB": effects.gain_clipped(12),
            "clipped 20 dB": effects.gain_clipped(20),
            "6 bits": effects.ffmpeg("acrusher=bits=6:samples=1:mix=1"),
            "bit crusher": effects.ffmpeg("acrusher=bits=8:samples=6:mix=0.8"),
        },
        "filter": {
            "bass +15 dB": effects.ffmpeg("bass=g=15"),
            "treble +15 dB": effects.ffmpeg("treble=g=15"),
            "bass -20 dB": effects.ffmpeg("bass=g=-20:f=250"),
            "mids -15 dB": effects.ffmpeg("equalizer=f=1000:t=o:w=2:g=-15"),
            "telephone": effects.ffmpeg("highpass=f=300,lowpass=f=3400"),
            "lowpass 2 kHz": effects.ffmpeg("lowpass=f=2000,lowpass=f=2000"),
            "highpass 1 kHz": effects.ffmpeg("highpass=f=1000,highpass=f=1000"),
        },
        "room": {
            "reverb": effects.reverb(1.2, 0.7),
            "reverb, large hall": effects.reverb(3.0, 1.5),
            "echo": effects.ffmpeg("aecho=0.8:0.7:120|260:0.5|0.3"),
            "chorus": effects.ffmpeg("chorus=0.6:0.9:50|60:0.4|0.32:0.25|0.4:2|1.3"),
            "flanger": effects.ffmpeg("flanger=depth=4:regen=30:speed=0.5"),
            "flutter": effects.wobble(6.0, 0.01),
            "tremolo": effects.ffmpeg("tremolo=f=5:d=0.8"),
        },
        "channels": {
            "left only": effects.channels((1, 0), (1, 0)),
            "left - right": effects.channels((1, -1), (1, -1)),
            "one side inverted": effects.channels((1, 0), (0, -1)),
        },
        "masking": {
            "speech -6 dB": effects.speech_over(6),
            "speech 0 dB": effects.speech_over(0),
            "other music -6 dB": effects.music_over(6),
            "other music 0 dB": effects.music_over(0),
        },
        "edit": {
            "trimmed": edits.trimmed,
            "padded": edits.padded,
            "faded": edits.faded,
            "looped": edits.looped,
            "halves swapped": edits.halves_swapped,
            "pieces removed": edits.pieces_removed,
            "0.3 s cut out": edits.short_cut,
            "two speeds": edits.changing_speed(1.02, 1.0, gliding=False),
            "speed glides": edits.changing_speed(0.98, 1.02, gliding=True),
        },
    }
    return [
        Alteration(name, family, apply, stereo=name == "one side inverted")
        for family, members in made.items()
        for name, apply in members.items()
    ]


def _noises() -> list[Alteration]:
    levels = {"white": (20, 10, 0), "pink": (20, 10, 5, 0, -5), "brown": (10, 0, -5)}
    return [
        Alteration(f"{colour} noise {level} dB", "noise", effects.noise(colour, level), value=level)
        for colour, steps in levels.items()
        for level in steps
    ]


def _grids() -> list[Alteration]:
    semitones = [s / 2 for s in range(-14, 15) if s]
    tempos = [round(t, 2) for t in np.arange(0.7, 1.401, 0.05) if abs(t - 1) > 0.01] + [0.97, 1.03]
    speeds = [round(s, 2) for s in np.arange(0.75, 1.351, 0.05) if abs(s - 1) > 0.01] + [0.98, 1.02]
    return _grid(semitones, tempos, speeds)


def _grid(semitones: list[float], tempos: list[float], speeds: list[float]) -> list[Alteration]:
    return (
        [Alteration(f"pitch {s:+g}", "pitch", effects.pitch(s), s) for s in semitones]
        + [Alteration(f"tempo {t:g}", "tempo", effects.tempo(t), t, t) for t in sorted(tempos)]
        + [Alteration(f"speed {s:g}", "speed", effects.speed(s), s, s) for s in sorted(speeds)]
    )


def _wide() -> list[Alteration]:
    """An octave up and down, half to double: further than the grids, which have the goals of a full recall."""
    ratios = [round(r, 1) for r in np.arange(0.5, 2.01, 0.1) if abs(r - 1) > 0.01]
    return _grid([s for s in range(-12, 13) if s], ratios, ratios)


def _short() -> list[Alteration]:
    """What a telephone hears of music in a room in which it is loud."""
    microphone = effects.ffmpeg("highpass=f=150,equalizer=f=2500:t=o:w=1:g=6,lowpass=f=7000")
    return [
        Alteration(
            f"room, microphone, {colour} noise 10 dB",
            "short",
            chain(effects.reverb(0.5, 0.5), effects.noise(colour, 10), microphone),
            10,
        )
        for colour in ("pink", "brown")
    ]


def _combinations() -> list[Alteration]:
    radio = effects.ffmpeg("highpass=f=120,lowpass=f=9000,acompressor=threshold=0.05:ratio=8:makeup=5")
    made: dict[str, tuple[float, tuple[Operation, ...]]] = {
        "nightcore": (1.25, (effects.speed(1.25), effects.ffmpeg("bass=g=8"))),
        "slowed and reverb": (0.85, (effects.speed(0.85), effects.reverb(2.0, 0.8))),
        "radio, 3 % fast": (1.03, (effects.speed(1.03), radio, effects.codec("mp3", "64k"))),
        "speed 1.15, mp3 64k": (1.15, (effects.speed(1.15), effects.codec("mp3", "64k"))),
        "pitch -2, tempo 1.06, opus 32k": (
            1.06,
            (effects.pitch(-2), effects.tempo(1.06), effects.codec("opus", "32k")),
        ),
        "tempo 0.9, pitch +1, pink 10 dB": (
            0.9,
            (effects.tempo(0.9), effects.pitch(1), effects.noise("pink", 10)),
        ),
        "pitch +3, reverb": (1.0, (effects.pitch(3), effects.reverb(1.2, 0.7))),
        "tempo 1.2, clipped": (1.2, (effects.tempo(1.2), effects.gain_clipped(12))),
        "telephone, pink 10 dB, tempo 0.95": (
            0.95,
            (effects.tempo(0.95), effects.ffmpeg("highpass=f=300,lowpass=f=3400"), effects.noise("pink", 10)),
        ),
        "speech -6 dB, aac 48k": (1.0, (effects.speech_over(6), effects.codec("aac", "48k"))),
        "pitch +0.3, speed 1.01, treble": (
            1.01,
            (effects.pitch(0.3), effects.speed(1.01), effects.ffmpeg("treble=g=10")),
        ),
        "pitch -5, tempo 1.3": (1.3, (effects.pitch(-5), effects.tempo(1.3))),
    }
    return [Alteration(name, "combination", chain(*steps), tempo=ratio) for name, (ratio, steps) in made.items()]


def _mixes() -> list[Alteration]:
    return [
        Alteration(f"{seconds} s inside 3 minutes", "mix", effects.inside_other_music(180), seconds)
        for seconds in (5, 10, 15)
    ]


ALTERATIONS: tuple[Alteration, ...] = (*_singles(), *_noises(), *_grids(), *_combinations(), *_mixes())
WIDE: tuple[Alteration, ...] = tuple(_wide())
SHORT: tuple[Alteration, ...] = tuple(_short())
