"""Cuts the excerpts in ``tests/audio`` from the corpus: ``python -m bench.excerpts`` (after ``bench.corpus fetch``).

Reads ``tests/audio/sources.json`` (which track, where the cut is, who wrote it under which licence), encodes each cut
with PyAV, and writes ``SOURCES.md`` beside them. The packages are from the training split only.
"""

import json
import subprocess
import sys
from pathlib import Path

import av
import numpy as np

from bench.corpus import SPLITS, package_tracks

FOLDER = Path(__file__).parent.parent / "tests" / "audio"
RATE = 44_100
FADE_S = 0.02  # no click at the cut
MP3_BIT_RATE = 112_000
VORBIS_QUALITY = "2"  # about 96 kb/s
HEAD = """# Where these excerpts are from

Each file is a cut of a freely licensed recording that Debian distributes; the licence is the one that the package's
`copyright` file gives for it. Stereo, 44.1 kHz, cut and encoded by `python -m bench.excerpts` with 20 ms fades, else
unaltered. The same facts for programs are in `sources.json`.

| file | title | author | licence | Debian package | file in it | cut |
|---|---|---|---|---|---|---|
"""


def main() -> int:
    """Encode every excerpt of ``sources.json`` and describe it in ``SOURCES.md``."""
    rows = json.loads((FOLDER / "sources.json").read_text())
    lines = [HEAD]
    for row in rows:
        if row["package"] not in SPLITS["training"]:
            raise SystemExit(f"{row['file']}: {row['package']} is not a training package")
        source = next(t for t in package_tracks(row["package"]) if t.name.endswith("/" + row["source"]))
        _encode(_cut(source.path, row["start_s"], row["duration_s"]), FOLDER / row["file"], row)
        cut = f"{row['start_s']} to {row['start_s'] + row['duration_s']} s"
        cells = (row["file"], row["title"], row["artist"], row["licence"], row["package"], row["source"], cut)
        lines.append("| " + " | ".join(cells) + " |\n")
    (FOLDER / "SOURCES.md").write_text("".join(lines))
    return 0


def _cut(path: Path, start_s: float, duration_s: float) -> np.ndarray:
    resampler = av.AudioResampler(format="fltp", layout="stereo", rate=RATE)
    with av.open(str(path)) as container:
        blocks = [out.to_ndarray() for frame in container.decode(audio=0) for out in resampler.resample(frame)]
    samples = np.concatenate(blocks, axis=1)[:, round(start_s * RATE) :][:, : round(duration_s * RATE)]
    ramp = np.linspace(0, 1, round(FADE_S * RATE), dtype=np.float32)
    samples[:, : ramp.size] *= ramp
    samples[:, -ramp.size :] *= ramp[::-1]
    return np.clip(samples, -1, 1)


def _encode(samples: np.ndarray, path: Path, row: dict[str, str]) -> None:
    if path.suffix == ".ogg":
        _encode_vorbis(samples, path, row)
        return
    with av.open(str(path), "w") as container:
        container.metadata.update(
            title=row["title"], artist=row["artist"], album=row["album"], copyright=row["licence"]
        )
        stream = container.add_stream("libmp3lame", rate=RATE, layout="stereo", options={"b": str(MP3_BIT_RATE)})
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(samples), format="fltp", layout="stereo")
        frame.sample_rate = RATE
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def _encode_vorbis(samples: np.ndarray, path: Path, row: dict[str, str]) -> None:
    """Encode with Debian's `oggenc`: the encoder inside PyAV is experimental and writes wrong times into the pages."""
    tags = [f"--comment={name}={row[key]}" for name, key in (("title", "title"), ("artist", "artist"))]
    tags += [f"--comment=album={row['album']}", f"--comment=copyright={row['licence']}"]
    form = ["--raw", "--raw-bits=16", "--raw-chan=2", f"--raw-rate={RATE}", f"--quality={VORBIS_QUALITY}"]
    pcm = (samples.T * 32767).astype("<i2").tobytes()
    subprocess.run(["oggenc", "--quiet", "--serial=1", *form, *tags, f"--output={path}", "-"], input=pcm, check=True)


if __name__ == "__main__":
    sys.exit(main())
