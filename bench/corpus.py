"""Real music for the bench: fetched from Debian packages, split by package.

``python -m bench.corpus fetch`` downloads each package with ``apt-get download`` (run ``apt-get update`` once before),
keeps only its music of at least 20 s, and drops files that are byte for byte the same. ``tracks(split)`` then lists
what is there, always in the same order.

The split is by package, so that no composer's sound is learnt in training and met again in the test. The hold-out is
the split that decides: only ``bench.hold_out`` opens it, and a recording of it that was looked at is tuning music from
then on (``looked_at.json``).
"""

import json
import os
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from bench.packages import MIN_TRACK_S, fetch_package

CACHE = Path(__file__).parent / "cache"
CORPUS = CACHE / "corpus"

TRAINING = (
    "wesnoth-1.16-music",
    "warzone2100-music",
    "supertux-data",
    "hyperrogue-music",
    "fretsonfire-songs-muldjord",
    "0ad-data",
    "widelands-data",
)
TUNING = ("drascula-music", "planetblupi-music-ogg", "asc-music", "unknown-horizons")
TEST = (
    "singularity-music",
    "fretsonfire-songs-sectoid",
    "extremetuxracer-data",
    "lincity-ng-data",
    "naev-data",
    "supertuxkart-data",
    "megaglest-data",
)
SPLITS = {"training": TRAINING, "tuning": TUNING, "test": TEST}
HOLD_OUT = "hold-out"
HOLD_OUT_PACKAGES = (
    "colobot-common-sounds",
    "marsshooter-data",
    "pushover-data",
    "fillets-ng-data",
    "ardentryst",
    "enigma-data",
    "btanks-data",
    "xmoto-data",
    "amoebax-data",
    "frozen-bubble-data",
)
LOOKED_AT = Path(__file__).parent / "looked_at.json"
OPENED_BY = "BENCH_HOLD_OUT"  # the environment variable that bench.hold_out sets

# Small ones first: whoever waits for training material can begin after minutes.
FETCH_ORDER = (
    "wesnoth-1.16-music",
    "warzone2100-music",
    "supertux-data",
    "hyperrogue-music",
    "drascula-music",
    "singularity-music",
    "planetblupi-music-ogg",
    "fretsonfire-songs-muldjord",
    "fretsonfire-songs-sectoid",
    "asc-music",
    "extremetuxracer-data",
    "lincity-ng-data",
    "unknown-horizons",
    "megaglest-data",
    "naev-data",
    "widelands-data",
    "supertuxkart-data",
    "0ad-data",
)


@dataclass(frozen=True)
class CorpusTrack:
    """One piece of music on disk; ``name`` is unique and stable: ``package/path inside the package``."""

    name: str
    package: str
    path: Path
    duration_s: float


def package_tracks(package: str) -> list[CorpusTrack]:
    """The kept tracks of one package, by name; empty when it has not been fetched."""
    manifest = CORPUS / package / "manifest.json"
    if not manifest.exists():
        return []
    rows = json.loads(manifest.read_text())["tracks"]
    return [
        CorpusTrack(f"{package}/{row['source']}", package, CORPUS / package / row["file"], row["duration_s"])
        for row in sorted(rows, key=lambda row: row["source"])
    ]


def tracks(split: str) -> list[CorpusTrack]:
    """All tracks of ``training``, ``tuning``, ``test`` or the hold-out; a file met in an earlier split is left out.

    A track of the hold-out that was looked at is the tuning's. The hold-out itself is closed to every other command.
    """
    if split == HOLD_OUT and not os.environ.get(OPENED_BY):
        raise SystemExit("The hold-out is opened by `python -m bench.hold_out` alone, once a release.")
    found = dict(_walk())
    moved = [track for track in found[HOLD_OUT] if track.name in looked_at()]
    if split == HOLD_OUT:
        return [track for track in found[HOLD_OUT] if track not in moved]
    return found[split] + (moved if split == "tuning" else [])


def looked_at() -> set[str]:
    """The names of the hold-out's tracks that somebody looked at."""
    return set(json.loads(LOOKED_AT.read_text())) if LOOKED_AT.exists() else set()


def _walk() -> Iterator[tuple[str, list[CorpusTrack]]]:
    """Each split with what is there of it."""
    seen: set[str] = set()
    for split, packages in (*SPLITS.items(), (HOLD_OUT, HOLD_OUT_PACKAGES)):
        found: list[CorpusTrack] = []
        for package in packages:
            manifest = CORPUS / package / "manifest.json"
            if not manifest.exists():
                continue
            digests = {row["file"]: row["sha256"] for row in json.loads(manifest.read_text())["tracks"]}
            kept = [track for track in package_tracks(package) if digests[track.path.name] not in seen]
            seen.update(digests.values())
            found += kept
        yield split, found


def fetch_missing(packages: Iterable[str] = FETCH_ORDER) -> None:
    """Fetch what is not there yet."""
    missing = [package for package in packages if not package_tracks(package)]
    if missing:
        main(["fetch", *missing])


def main(arguments: list[str]) -> int:
    """``fetch [PACKAGE…]`` or ``list``."""
    if arguments[:1] == ["fetch"]:
        for package in arguments[1:] or FETCH_ORDER:
            if not (CORPUS / package / "manifest.json").exists():
                kept = fetch_package(package, CORPUS / package, CACHE / "debs")
                print(f"{package}: {kept} tracks of at least {MIN_TRACK_S} s", flush=True)
        return 0
    if arguments[:1] == ["list"]:
        for split in SPLITS:
            found = tracks(split)
            print(f"{split}: {len(found)} tracks, {sum(t.duration_s for t in found) / 3600:.1f} h")
            for track in found:
                print(f"  {track.duration_s:7.1f} s  {track.name}")
        return 0
    print(__doc__)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
