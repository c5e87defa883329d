"""Values as people read them: one way to write a moment, a duration, a number, bytes, a badge and a meter."""

from datetime import date, datetime, timedelta

from django.template.defaultfilters import filesizeformat
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

NOTHING = "\N{EN DASH}"
_MINUS = "\N{MINUS SIGN}"
_UNITS = ((86_400, "d"), (3600, "h"), (60, "min"), (1, "s"))
_NEAR = ((60, 1, "s"), (3600, 60, "min"), (86_400, 3600, "h"), (86_400 * 60, 86_400, "d"))


def badge(tone: str, icon: str, word: str, title: str = "") -> SafeString:
    """Return a state as an icon (a Material symbol), a word and a colour; `title` is shown on hover.

    `tone` is one of good, bad, warning, running, waiting and off.
    """
    hover = format_html(' title="{}"', title) if title else ""
    return format_html(
        '<span class="mf-badge mf-{}"{}><span class="material-symbols-outlined" aria-hidden="true">{}</span>{}</span>',
        tone,
        hover,
        icon,
        word,
    )


def meter(done: int, total: int, label: str, look: str = "") -> SafeString:
    """Return a bar that shows how much of `total` is done; `label` says of what, `look` has more CSS classes."""
    return format_html(
        '<progress class="{}" max="{}" value="{}" aria-label="{}">{} of {}</progress>',
        f"mf-meter {look}".rstrip(),
        str(total or 1),
        str(done),
        label,
        number(done),
        number(total),
    )


def moment(value: datetime | None) -> SafeString | str:
    """Return when something was or will be, relative to now, with the exact time on hover."""
    if value is None:
        return NOTHING
    return format_html(
        '<time class="mf-time" datetime="{}" title="{}">{}</time>',
        timezone.localtime(value).isoformat(),
        exact(value),
        _relative(value),
    )


def exact(value: datetime) -> str:
    """Return a moment to the second, with its time zone."""
    local = timezone.localtime(value)
    return f"{local:%Y-%m-%d %H:%M:%S} {local.tzname()}"


def day(value: date) -> str:
    """Return a date: `5 Nov 2026`; of a moment, the date here."""
    here = timezone.localtime(value) if isinstance(value, datetime) else value
    return f"{here.day} {here:%b %Y}"


def _relative(value: datetime) -> str:
    """Return "2 min ago", "in 5 s", or the date once it is two months away."""
    seconds = (timezone.now() - value).total_seconds()
    size = abs(seconds)
    if size < 1:
        return "now"
    for limit_s, unit_s, unit in _NEAR:
        if size < limit_s:
            words = f"{int(size // unit_s)} {unit}"
            return f"{words} ago" if seconds > 0 else f"in {words}"
    return day(value)


def span(length: float | timedelta | None) -> str:
    """Return a duration: `38 ms`, `1.9 s`, `5 min 7 s`, `2 h 5 min`. `length` is in seconds or a timedelta."""
    if length is None:
        return NOTHING
    seconds = length.total_seconds() if isinstance(length, timedelta) else length
    if seconds < 0.9995:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 59.95:
        return f"{seconds:.1f} s"
    return _two_units(round(seconds))


def _two_units(seconds: int) -> str:
    """Return a length in its largest unit and the next smaller one."""
    place = next(place for place, (size_s, _) in enumerate(_UNITS) if seconds >= size_s)
    (large_s, large), (small_s, small) = _UNITS[place : place + 2]
    rest = seconds % large_s // small_s
    return f"{seconds // large_s} {large}" + (f" {rest} {small}" if rest else "")


def span_ms(milliseconds: int | None) -> str:
    """Return a duration that is given in milliseconds."""
    return span(None if milliseconds is None else milliseconds / 1000)


def about(seconds: float | None) -> str:
    """Return an estimated duration in one rounded unit: `40 s`, `12 min`, `3 h`, `2 d`. `seconds` may be None."""
    if seconds is None:
        return NOTHING
    for limit_s, unit_s, unit in ((90, 1, "s"), (5400, 60, "min"), (172_800, 3600, "h")):
        if seconds < limit_s:
            return f"{seconds / unit_s:.0f} {unit}"
    return f"{seconds / 86_400:.0f} d"


def clock(seconds: float | None) -> str:
    """Return a place in a recording as `m:ss` or `h:mm:ss`, with a minus sign if negative."""
    if seconds is None:
        return NOTHING
    whole = round(abs(seconds))
    sign = _MINUS if seconds < 0 and whole else ""
    hours, minutes, rest = whole // 3600, whole // 60 % 60, whole % 60
    return f"{sign}{hours}:{minutes:02}:{rest:02}" if hours else f"{sign}{minutes}:{rest:02}"


def number(value: float | None) -> str:
    """Return a count: `12,345`."""
    return NOTHING if value is None else f"{value:,}"


def counted(count: int, thing: str) -> str:
    """Return a number of things whose plural takes an s: `1 pair`, `12,345 pairs`."""
    return f"{number(count)} {thing}{'' if count == 1 else 's'}"


def at_most(count: int, limit: int) -> str:
    """Return a count that stops at a limit: `10,000+`."""
    return f"{number(count)}+" if count >= limit else number(count)


def size(count: int | None) -> str:
    """Return a number of bytes in a fitting unit."""
    return NOTHING if count is None else str(filesizeformat(count))


def share(value: float) -> str:
    """Return a share (0 to 1) in whole per cent; it never rounds up to 100 % or down to 0 %."""
    percent = value * 100
    if 0 < percent < 1:
        return "under 1 %"
    return f"{min(percent, 99) if percent < 99.95 else 100:.0f} %"


def share_of(part: int, whole: int) -> str:
    """Return a part of a count: `87 % of 58`."""
    return f"{share(part / whole)} of {number(whole)}" if whole else NOTHING


def figure(value: float) -> str:
    """Return a number with three significant digits."""
    return f"{value:.3g}" if abs(value) < 1000 else f"{value:,.0f}"


def signed(value: float, decimals: int = 1) -> str:
    """Return a number with its sign; zero has no sign."""
    text = f"{abs(value):.{decimals}f}"
    if float(text) == 0:
        return text
    return (_MINUS if value < 0 else "+") + text


def unlocalized(value: float) -> str:
    """Return a number for a program: with a decimal point, in every language."""
    return f"{value:.2f}"
