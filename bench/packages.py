"""Debian packages → music files: download, take out the audio (also inside zip files), drop the short."""

import hashlib
import json
import shutil
import subprocess
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO

import av

MIN_TRACK_S = 20
MAX_TRACK_S = 900
AUDIO_SUFFIXES = frozenset({".ogg", ".oga", ".opus", ".mp3", ".flac", ".wav", ".m4a"})
ARCHIVE_SUFFIXES = frozenset({".zip", ".pk3", ".mgz"})
MIN_AUDIO_BYTES = 60_000  # nothing smaller is 20 s of music; saves opening thousands of sound effects
# Stems beside the full track, and recorded voices, are not music of their own.
NOT_MUSIC = (
    "guitar.ogg",
    "rhythm.ogg",
    "drums.ogg",
    "/voice/",
    "/speech/",
    "/sfx/",
    "/sounds/",
    "steamLocomotive",
    "_speech",
)


def fetch_package(package: str, folder: Path, debs: Path) -> int:
    """Download ``package``, put its music and a ``manifest.json`` into ``folder``; the number of tracks kept."""
    debs.mkdir(parents=True, exist_ok=True)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    deb = _download(package, debs)
    rows = _keep_music(_members(deb), folder)
    manifest = {"package": package, "deb": deb.name, "tracks": rows}
    (folder / "manifest.json").write_text(json.dumps(manifest, indent=1))
    deb.unlink()
    return len(rows)


def _download(package: str, debs: Path) -> Path:
    subprocess.run(["apt-get", "-q", "download", package], cwd=debs, check=True, capture_output=True)
    return max(debs.glob(f"{package}_*.deb"), key=lambda path: path.stat().st_mtime)


def _members(deb: Path) -> Iterator[tuple[str, IO[bytes]]]:
    """Audio files of a package as (path inside it, open stream), without unpacking the rest to disk."""
    with subprocess.Popen(["dpkg-deb", "--fsys-tarfile", str(deb)], stdout=subprocess.PIPE) as unpack:
        with tarfile.open(fileobj=unpack.stdout, mode="r|") as archive:
            for member in archive:
                suffix = Path(member.name).suffix.lower()
                stream = archive.extractfile(member) if member.isfile() else None
                if stream is None:
                    continue
                if suffix in AUDIO_SUFFIXES and member.size > MIN_AUDIO_BYTES:
                    yield member.name.removeprefix("./"), stream
                elif suffix in ARCHIVE_SUFFIXES:
                    yield from _zip_members(member.name.removeprefix("./"), stream)
        if unpack.wait() != 0:
            raise RuntimeError(f"{deb.name} could not be unpacked")


def _zip_members(name: str, stream: IO[bytes]) -> Iterator[tuple[str, IO[bytes]]]:
    with TemporaryDirectory() as folder:
        copy = Path(folder) / "archive"
        with copy.open("wb") as out:
            shutil.copyfileobj(stream, out, 1 << 20)
        if not zipfile.is_zipfile(copy):
            return
        with zipfile.ZipFile(copy) as archive:
            for info in archive.infolist():
                if Path(info.filename).suffix.lower() in AUDIO_SUFFIXES and info.file_size > MIN_AUDIO_BYTES:
                    with archive.open(info) as member:
                        yield f"{name}/{info.filename}", member


def _keep_music(members: Iterator[tuple[str, IO[bytes]]], folder: Path) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = []
    seen: set[str] = set()
    for source, stream in members:
        if any(part in f"/{source}" for part in NOT_MUSIC):
            continue
        data = stream.read()
        digest = hashlib.sha256(data).hexdigest()
        if digest in seen:
            continue
        path = folder / f"{len(rows):03d}-{Path(source).name}"
        path.write_bytes(data)
        duration_s = _duration_s(path)
        if duration_s is None or not MIN_TRACK_S <= duration_s <= MAX_TRACK_S:
            path.unlink()
            continue
        seen.add(digest)
        row = {"file": path.name, "source": source, "sha256": digest, "duration_s": round(duration_s, 3)}
        rows.append(row)
    return rows


def _duration_s(path: Path) -> float | None:
    try:
        with av.open(str(path)) as container:
            if not container.streams.audio or container.duration is None:
                return None
            return float(container.duration / av.time_base)
    except av.FFmpegError:
        return None
