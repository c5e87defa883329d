"""Ways to damage a file, each from a seeded source of chance."""

from collections.abc import Callable
from random import Random

LIES = [0, 1, 0xFF, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF]
Damage = Callable[[Random, bytes, bytes], bytes]


def flip_bits(chance: Random, data: bytes, _: bytes) -> bytes:
    """Up to 400 bytes changed, anywhere."""
    damaged = bytearray(data)
    for _place in range(chance.randint(1, 400)):
        damaged[chance.randrange(len(damaged))] ^= 1 << chance.randrange(8)
    return bytes(damaged)


def lie_in_the_header(chance: Random, data: bytes, _: bytes) -> bytes:
    """Numbers of the first 300 bytes overwritten with extreme ones."""
    damaged = bytearray(data)
    for _place in range(chance.randint(1, 8)):
        at, size = chance.randrange(4, 300), chance.choice([1, 2, 4, 8])
        value = chance.choice(LIES) & ((1 << (8 * size)) - 1)
        damaged[at : at + size] = value.to_bytes(size, chance.choice(["big", "little"]))
    return bytes(damaged)


def lie_in_the_tail(chance: Random, data: bytes, other: bytes) -> bytes:
    """The same in the last 3,000 bytes, where MP4 keeps its tables."""
    return lie_in_the_header(chance, data[-3000:] + bytes(300), other).join([data[:-3000], b""])[: len(data)]


def cut_short(chance: Random, data: bytes, _: bytes) -> bytes:
    """The end is missing."""
    return data[: chance.randrange(1, len(data))]


def behead(chance: Random, data: bytes, _: bytes) -> bytes:
    """The beginning is missing."""
    return data[chance.randrange(1, len(data)) :]


def burst(chance: Random, data: bytes, _: bytes) -> bytes:
    """A stretch of noise, zeros or ones in the middle."""
    at, size = chance.randrange(len(data)), chance.randint(1, 20_000)
    noise = chance.choice([chance.randbytes(size), bytes(size), b"\xff" * size])
    return data[:at] + noise + data[at + size :]


def insert(chance: Random, data: bytes, _: bytes) -> bytes:
    """Foreign bytes pushed in."""
    at = chance.randrange(len(data))
    return data[:at] + chance.randbytes(chance.randint(1, 5_000)) + data[at:]


def shuffle(chance: Random, data: bytes, _: bytes) -> bytes:
    """Its blocks in another order."""
    size = chance.choice([100, 1_000, 4_096, 20_000])
    blocks = [data[at : at + size] for at in range(0, len(data), size)]
    chance.shuffle(blocks)
    return b"".join(blocks)


def stutter(chance: Random, data: bytes, _: bytes) -> bytes:
    """A stretch many times over."""
    at, size = chance.randrange(len(data)), chance.randint(10, 4_000)
    return data[:at] + data[at : at + size] * chance.randint(2, 200) + data[at:]


def concatenate(_: Random, data: bytes, other: bytes) -> bytes:
    """Two files in one, of two containers as a rule."""
    return data + other


def foreign_head(chance: Random, data: bytes, other: bytes) -> bytes:
    """The head of one container on the body of another."""
    size = chance.choice([12, 64, 512, 4_096])
    return other[:size] + data[size:]


def behind_rubbish(chance: Random, data: bytes, _: bytes) -> bytes:
    """Noise or a large empty ID3 tag in front."""
    return chance.choice([chance.randbytes(3_000), b"ID3\x04\x00\x00\x00\x01\x00\x00" + bytes(16_384)]) + data


DAMAGES: list[Damage] = [
    *(flip_bits, lie_in_the_header, lie_in_the_tail, cut_short, behead, burst),
    *(insert, shuffle, stutter, concatenate, foreign_head, behind_rubbish),
]
