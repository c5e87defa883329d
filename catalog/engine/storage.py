"""The index's one file: magic, versions, a checksum for each section; written beside, synced, then renamed."""

import json
import os
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from catalog.engine.embedding import projection_digest
from catalog.engine.errors import InvalidIndex
from catalog.engine.params import PARAMETERS_VERSION

MAGIC = b"mfpindex"
FORMAT_VERSION = 3
Bytes = NDArray[np.uint8]


@dataclass(frozen=True)
class Row:
    """One track as it is stored."""

    track_id: int
    slot: int
    duration_s: float
    digest: bytes


def write(path: Path, arrays: list[Bytes], rows: list[Row]) -> None:
    """``arrays``: the FAISS indexes as bytes; ``rows``: the tracks."""
    table = [[row.track_id, row.slot, row.duration_s, row.digest.hex()] for row in rows]
    sections = [*(array.tobytes() for array in arrays), json.dumps(table).encode()]
    head = json.dumps(
        {
            "format": FORMAT_VERSION,
            "parameters": PARAMETERS_VERSION,
            "projection": projection_digest(),
            "sections": [[len(section), zlib.crc32(section)] for section in sections],
        }
    ).encode()
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    try:
        with beside.open("wb") as out:
            out.write(MAGIC + len(head).to_bytes(4, "little") + head)
            out.writelines(sections)
            out.flush()
            os.fsync(out.fileno())
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def read(path: Path) -> tuple[list[Bytes], list[Row]]:
    """What ``write`` wrote; ``InvalidIndex`` unless every byte of it is there."""
    data = path.read_bytes()
    if data[: len(MAGIC)] != MAGIC:
        raise InvalidIndex(f"{path.name} is not a saved index.")
    try:
        start = len(MAGIC) + 4
        size = int.from_bytes(data[len(MAGIC) : start], "little")
        head = json.loads(data[start : start + size])
        versions = head["format"], head["parameters"], head["projection"]
        sections = _sections(memoryview(data)[start + size :], head["sections"])
    except (ValueError, KeyError, TypeError) as error:
        raise InvalidIndex(f"{path.name} is damaged.") from error
    if versions != (FORMAT_VERSION, PARAMETERS_VERSION, projection_digest()):
        raise InvalidIndex(f"{path.name} was written by another version and must be rebuilt.")
    *arrays, table = sections
    return [np.frombuffer(array, np.uint8) for array in arrays], _rows(json.loads(bytes(table)))


def _sections(data: memoryview, sizes: list[list[int]]) -> list[memoryview]:
    found, at = [], 0
    for size, checksum in sizes:
        section = data[at : at + size]
        if len(section) != size or zlib.crc32(section) != checksum:
            raise ValueError("checksum")
        found.append(section)
        at += size
    return found


def _rows(table: list[list[Any]]) -> list[Row]:
    return [
        Row(int(track_id), int(slot), float(duration_s), bytes.fromhex(str(digest)))
        for track_id, slot, duration_s, digest in table
    ]
