"""Which moments tell a recording: those that little else in it sounds like."""

import numpy as np

from catalog.engine import Fingerprint, Fingerprinter, what_tells
from tests.alterations import Samples

RATE = 16_000


def test_a_stretch_unlike_the_rest_is_found(sounds: list[Samples]) -> None:
    bar = sounds[0][5 * RATE : 7 * RATE]
    stranger = sounds[1][10 * RATE : 14 * RATE]
    loop = np.concatenate([np.tile(bar, 10), stranger, np.tile(bar, 10)])
    found = what_tells(Fingerprinter.of_samples(loop))
    at = found.start_s + found.step_s * float(np.argmax(found.share))
    assert 19.0 < at < 25.0
    assert any(first < 24.0 and last > 20.0 for first, last in found.stretches)
    inside = sum(max(0.0, min(last, 25.0) - max(first, 19.0)) for first, last in found.stretches)
    assert inside >= 0.7 * sum(last - first for first, last in found.stretches)


def test_shape_and_range(fingerprints: list[Fingerprint]) -> None:
    for fingerprint in fingerprints:
        found = what_tells(fingerprint)
        assert found.share.max() == 1.0
        assert found.share.min() >= 0.0
        assert found.start_s + found.step_s * len(found.share) <= fingerprint.duration_s + 1.0
        assert list(found.stretches) == sorted(found.stretches)
        covered = sum(last - first for first, last in found.stretches)
        assert covered <= 0.25 * fingerprint.duration_s


def test_what_says_nothing_tells_nothing() -> None:
    found = what_tells(Fingerprint(np.full((200, 70), 7, np.uint8), 12.8))
    assert found.stretches == ()
    assert not found.share.any()
