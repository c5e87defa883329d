"""Marks over a fingerprint's picture: bands over the most distinctive passages, and a curve of every moment below.

An image of its own, so that the page does not wait for it; its colours suit light and dark pages.
"""

from catalog.engine import Telling
from staff.display import clock

WIDTH, PICTURE, STRIP = 1000.0, 130.0, 26.0
MAX_POINTS = 1000
_INK, _BAND = "#d97706", "#f59e0b"


def telling_picture(found: Telling, *, length_s: float) -> str:
    """Return an SVG that is as wide as the recording of `length_s`, `PICTURE` + `STRIP` high."""
    scale = WIDTH / max(length_s, 0.1)
    places = ", ".join(f"{clock(first)} to {clock(last)}" for first, last in found.stretches)
    bands = "".join(
        f'<rect x="{first * scale:.1f}" y="0" width="{(last - first) * scale:.1f}" height="{PICTURE:.0f}"'
        f' fill="{_BAND}" fill-opacity=".16"/>'
        f'<rect x="{first * scale:.1f}" y="0" width="{(last - first) * scale:.1f}" height="3" fill="{_INK}"/>'
        for first, last in found.stretches
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH:.0f} {PICTURE + STRIP:.0f}"'
        f' preserveAspectRatio="none"><title>Most distinctive: {places or "nowhere"}</title>{bands}'
        f'<path d="{_curve(found, scale)}" fill="{_INK}" fill-opacity=".75"/></svg>'
    )


def _curve(found: Telling, scale: float) -> str:
    bottom = PICTURE + STRIP
    every = max(1, -(-len(found.share) // MAX_POINTS))
    points = [
        f"L{(found.start_s + number * found.step_s) * scale:.1f} "
        f"{bottom - float(found.share[number : number + every].max()) * (STRIP - 3):.1f}"
        for number in range(0, len(found.share), every)
    ]
    end = (found.start_s + len(found.share) * found.step_s) * scale
    return f"M{found.start_s * scale:.1f} {bottom:.0f}{''.join(points)}L{end:.1f} {bottom:.0f}Z"
