"""All files of a run: damaged ones by a seed, hostile ones as they are."""

from collections.abc import Iterator
from random import Random

from bench.fuzz.cases import Case
from bench.fuzz.damage import DAMAGES
from bench.fuzz.fingerprints import fingerprint_cases
from bench.fuzz.hostile import hostile_cases
from bench.fuzz.recordings import CONTAINERS, encode, excerpt, vorbis

RECORDINGS = 3
FINGERPRINTS = 10  # one of so many files is a damaged fingerprint


def cases(*, count: int, seed: int) -> Iterator[Case]:
    """``count`` cases or a few more: every hostile one and as many damaged ones as are missing.

    A small ``count`` takes every n-th of the hostile ones.
    """
    hostile = list(hostile_cases()) + list(fingerprint_cases(count=count // FINGERPRINTS, seed=seed))
    share = max(1, round(2 * len(hostile) / count))
    yield from hostile[::share]
    yield from damaged_cases(count=count - len(hostile[::share]), seed=seed)


def damaged_cases(*, count: int, seed: int) -> Iterator[Case]:
    """Excerpts in every container, damaged in every way in turn."""
    originals = [
        (ending, encode(excerpt(number), container, codec, rate))
        for number in range(RECORDINGS)
        for ending, container, codec, rate in CONTAINERS
    ]
    originals.append(("ogg", vorbis()))
    for number in range(count):
        chance = Random(f"{seed}/{number}")
        damage = DAMAGES[number % len(DAMAGES)]
        ending, data = chance.choice(originals)
        _, other = chance.choice(originals)
        name = f"{damage.__name__}-{number}.{ending}".encode()
        yield Case(f"{damage.__name__}: {ending}", name, damage(chance, data, other))
