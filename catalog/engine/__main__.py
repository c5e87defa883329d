"""``python -m catalog.engine fingerprint FILE > FILE.fp``: fingerprints for the API, made where the music is."""

import argparse
import sys
from pathlib import Path

from tqdm import tqdm

from catalog.engine import (
    PARAMETERS_VERSION,
    DecodeLimits,
    Fingerprint,
    Fingerprinter,
    FingerprintError,
)
from catalog.engine.audio.decoding import probe
from catalog.engine.features.received import received_fingerprint
from catalog.engine.parameters import LONGEST_S

WALL_S = 3600  # for one file: it is the caller's own, on the caller's machine
LIMITS = DecodeLimits(max_s=LONGEST_S, wall_s=float(WALL_S), cpu_s=WALL_S)
BAD_FILE, BAD_USE = 1, 2
EPILOG = """examples:
  python -m catalog.engine fingerprint song.flac > song.fp
  python -m catalog.engine show song.fp
  curl -H "Authorization: Bearer $KEY" -F fingerprint=@song.fp -F title="My song" $BASE/api/v1/fingerprint
"""


def main(arguments: list[str]) -> int:
    """Run one command; return the exit code: 1 for a file that cannot be used, 2 for a wrong call."""
    options = _parser().parse_args(arguments)
    try:
        return int(options.run(options.file))
    except OSError as error:
        return _failed(options.file, error.strerror or str(error))
    except FingerprintError as error:
        return _failed(options.file, str(error))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m catalog.engine",
        description="Makes fingerprints of recordings. A fingerprint can be uploaded in place of the audio.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"fingerprints of parameters {PARAMETERS_VERSION}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for name, run, words in (
        ("fingerprint", _fingerprint, "write the fingerprint of an audio file to standard output"),
        ("show", _show, "say what is in a fingerprint file, and whether it is whole"),
    ):
        command = commands.add_parser(name, help=words, description=words)
        command.add_argument("file", type=Path, metavar="FILE")
        command.set_defaults(run=run)
    return parser


def _fingerprint(path: Path) -> int:
    if sys.stdout.isatty():
        print(f"A fingerprint is no text. Write it to a file: … fingerprint {path} > {path.stem}.fp", file=sys.stderr)
        return BAD_USE
    fingerprint = _fingerprint_of(path)
    data = fingerprint.to_bytes()
    sys.stdout.buffer.write(data)
    sys.stdout.buffer.flush()
    print(_words(path, fingerprint, len(data)), file=sys.stderr)
    return 0


def _fingerprint_of(path: Path) -> Fingerprint:
    with path.open("rb"):  # one that is not there is said as such, and not as audio that cannot be read
        claimed_s = probe(path, LIMITS).duration_s or None
    with tqdm(total=claimed_s and round(claimed_s), unit="s", desc=path.name, disable=None, file=sys.stderr) as bar:

        def show(done_s: float) -> None:
            bar.n = round(done_s)
            bar.refresh()

        return Fingerprinter(limits=LIMITS).analyse(path, progress=show).fingerprint


def _show(path: Path) -> int:
    data = path.read_bytes()
    print(_words(path, received_fingerprint(data, longest_s=LONGEST_S), len(data)))
    return 0


def _words(path: Path, fingerprint: Fingerprint, size: int) -> str:
    minutes, seconds = divmod(round(fingerprint.duration_s), 60)
    blank = ". It holds only silence, hum or a steady tone: it matches nothing" if fingerprint.is_blank else ""
    version = fingerprint.parameters_version
    return f"{path.name}: {minutes}:{seconds:02d}, {size:,} bytes, parameters {version}{blank}."


def _failed(path: Path, reason: str) -> int:
    print(f"{path}: {reason}", file=sys.stderr)
    return BAD_FILE


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
