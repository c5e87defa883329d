"""A hostile upload, and how it may end."""

from dataclasses import dataclass

REFUSED, FAILED, DONE = "422", "failed task", "success"
ANY = frozenset({REFUSED, FAILED, DONE})
NOT_AUDIO = frozenset({REFUSED})
UNUSABLE = frozenset({REFUSED, FAILED})
FINE = frozenset({DONE})


@dataclass(frozen=True)
class Case:
    """A file as it is sent: ``name`` are the bytes of the multipart header's file name, ``call`` where it goes."""

    kind: str
    name: bytes
    data: bytes
    may: frozenset[str] = ANY
    call: str = "music"
