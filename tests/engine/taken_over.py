"""A decoder that a file took over: a real template with a real child, in which a program of the test's runs instead."""

import os
import sys
from pathlib import Path

from catalog.engine.audio import decoder_process

_PROGRAM = """
import errno, json, mmap, os, runpy, signal, socket, sys, time
process = runpy.run_path({path!r})

def load():
    proper = process["load"]() if {marked!r} else None

    def read(sample_rate, max_s, confine):
        if proper and os.pread(0, {length}, 0) != {marked!r}:
            return proper(sample_rate, max_s, confine)
        names = globals() | locals()
        exec({attack!r}, names)
        return names.get("report", {{"error": "unreadable"}})

    return read

{before}
process["main"]({parent}, load)
"""


def command(attack: str, *, marked: bytes = b"", parent: int | None = None, before: str = "") -> list[str]:
    """What starts a template whose children run `attack`: all of them, or those whose file begins with `marked`.

    The program may call `confine()` as the decoder does, and set `report`. The template runs `before` first.
    """
    path = str(Path(decoder_process.__file__))
    program = _PROGRAM.format(
        path=path, attack=attack, marked=marked, length=len(marked), parent=parent or os.getpid(), before=before
    )
    return [sys.executable, "-I", "-c", program]
