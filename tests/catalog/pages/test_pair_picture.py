"""Both waveforms on one clock: where the bars begin, and what joins the matched pieces."""

import pytest
from django.contrib.auth.models import User

from catalog.presentation.pair_picture import GAP, ROW, pair_picture
from tests.rows import make_audio_file, make_match, make_track


def test_b_lies_where_the_alignment_puts_it(owner: User) -> None:
    a = make_track(owner, audio_file=make_audio_file(duration_s=10.0, peaks=bytes([255] * 100)))
    b = make_track(owner, audio_file=make_audio_file(duration_s=20.0, peaks=bytes([255] * 200)))
    match = make_match(a, b, offset_s=5.0, tempo_ratio=1.0, segments=[[0.0, 10.0, 5.0, 15.0, 0.9]])
    picture = pair_picture(match, columns=20)
    assert (picture.begins_s, picture.ends_s) == (-5.0, 15.0)
    assert (picture.a.count("M"), picture.b.count("M")) == (10, 20)
    assert picture.a.startswith("M11 "), "A begins after five seconds of B"
    assert picture.links == ["30.0,0 30.0,24 30.0,36 30.0,60 10.0,60 10.0,36 10.0,24 10.0,0"]


def test_swapped_pieces_cross(owner: User) -> None:
    a, b = (make_track(owner, audio_file=make_audio_file(duration_s=10.0)) for _ in range(2))
    pieces = [[0.0, 5.0, 5.0, 10.0, 0.9], [5.0, 10.0, 0.0, 5.0, 0.9]]
    picture = pair_picture(make_match(a, b, offset_s=0.0, tempo_ratio=1.0, segments=pieces), columns=10)
    first, second = (link.split() for link in picture.links)
    assert (first[-1], first[-4]) == ("0.0,0", f"10.0,{2 * ROW + GAP:.0f}")
    assert (second[-1], second[-4]) == ("10.0,0", f"0.0,{2 * ROW + GAP:.0f}")
    assert (picture.a, picture.b) == ("", ""), "no peaks, no bars"


@pytest.mark.parametrize(
    "values",
    [{"tempo_ratio": 0.0}, {"segments": []}, {"offset_s": -1e6}, {"segments": [[0, 0, 0, 0, 0]]}],
)
def test_odd_matches_have_a_picture(owner: User, values: dict[str, object]) -> None:
    a, b = (make_track(owner, audio_file=make_audio_file(duration_s=0.0, peaks=b"\x01")) for _ in range(2))
    picture = pair_picture(make_match(a, b, **values), columns=8)
    assert picture.ends_s > picture.begins_s
    assert "nan" not in "".join(picture.links)
