"""Values as a person reads them: the same words, icons and units on every staff page."""

import json
from datetime import datetime

from django.template.defaultfilters import filesizeformat
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from catalog.models import AudioFile, BulkWork, Job, Match, Scan
from catalog.selectors.review import COUNT_LIMIT
from catalog.services.audio.formats import is_lossless
from queueing.queue_health import QueueState

NOTHING = "\N{EN DASH}"
_MINUS = "\N{MINUS SIGN}"
_SPANS = ((60, 1, "s"), (3600, 60, "min"), (86400, 3600, "h"), (86400 * 60, 86400, "d"))

# state -> (tone, icon, word); a state is never told by its colour alone
_JOB_STATES = {
    Job.Status.PENDING: ("waiting", "schedule", "waiting"),
    Job.Status.PROCESSING: ("running", "autorenew", "running"),
    Job.Status.SUCCESS: ("good", "check_circle", "success"),
    Job.Status.FAILURE: ("bad", "error", "failure"),
}
_VERDICTS = {
    Match.Verdict.DUPLICATE: ("bad", "content_copy", "duplicate"),
    Match.Verdict.CONTAINS: ("warning", "join_inner", "contains a part"),
}

_DELIVERY_STATES = {
    "pending": ("waiting", "schedule", "waiting"),
    "delivering": ("running", "autorenew", "being sent"),
    "delivered": ("good", "check_circle", "delivered"),
    "failed": ("bad", "error", "failed"),
}
_QUEUE_STATES = {
    QueueState.RUNNING: ("good", "check_circle", "answers"),
    QueueState.STARTING: ("waiting", "schedule", "starting"),
    QueueState.STUCK: ("bad", "heart_broken", "does not answer"),
    QueueState.UNWATCHED: ("warning", "help", "not watched"),
}
_STAGES = {"": 0, "fingerprint": 1, "search": 2}
_SCAN_STATES = {
    Scan.Status.RUNNING: ("running", "autorenew", "running"),
    Scan.Status.CANCELLED: ("off", "stop_circle", "cancelled"),
    Scan.Status.FAILED: ("bad", "error", "failed"),
    Scan.Status.DONE: ("good", "check_circle", "done"),
}


def badge(tone: str, icon: str, word: str) -> SafeString:
    """Return a state as an icon, a word and a colour."""
    return format_html(
        '<span class="mf-badge mf-{}"><span class="material-symbols-outlined" aria-hidden="true">{}</span>{}</span>',
        tone,
        icon,
        word,
    )


def job_badge(status: str) -> SafeString:
    """Return a job's status as a badge."""
    return badge(*_JOB_STATES[Job.Status(status)])


def scan_badge(status: str) -> SafeString:
    """Return a scan's status as a badge."""
    return badge(*_SCAN_STATES[Scan.Status(status)])


def delivery_badge(state: str) -> SafeString:
    """Return a callback's state as a badge."""
    return badge(*_DELIVERY_STATES.get(state, ("off", "help", state)))


def queue_badge(state: str) -> SafeString:
    """Return whether a queue's workers answer, as a badge."""
    return badge(*_QUEUE_STATES[QueueState(state)])


def stage_number(job: Job) -> int:
    """Return how many of its three stages a running job has reached."""
    return _STAGES.get(job.stage, 0) + 1


def verdict_badge(verdict: str) -> SafeString:
    """Return a match's verdict as a badge."""
    return badge(*_VERDICTS[Match.Verdict(verdict)])


def bulk_badge(work: BulkWork) -> SafeString:
    """Return how a bulk action stands as a badge."""
    if work.ended_at is None:
        return badge("warning", "schedule", "waits") if work.error else badge("running", "autorenew", "running")
    if work.stopped_by_id:
        return badge("warning", "stop_circle", "stopped")
    if work.error:
        return badge("bad", "error", "given up")
    return badge("good", "check_circle", "done")


def moment(value: datetime | None) -> SafeString | str:
    """Return when something was or will be, relative to now, with the exact time on hover."""
    if value is None:
        return NOTHING
    local = timezone.localtime(value)
    return format_html(
        '<time class="mf-time" datetime="{}" title="{}">{}</time>',
        local.isoformat(),
        f"{local:%Y-%m-%d %H:%M:%S} {local.tzname()}",
        relative(value),
    )


def relative(value: datetime) -> str:
    """Return "2 min ago", "in 5 s", or the date once it is two months away."""
    seconds = (timezone.now() - value).total_seconds()
    size = abs(seconds)
    if size < 1:
        return "now"
    for limit_s, unit_s, unit in _SPANS:
        if size < limit_s:
            span = f"{int(size // unit_s)} {unit}"
            return f"{span} ago" if seconds > 0 else f"in {span}"
    return f"{timezone.localtime(value):%d %b %Y}"


def clock(seconds: float | None) -> str:
    """Return a position or length as `m:ss` or `h:mm:ss`; a minus sign in front of negative ones."""
    if seconds is None:
        return NOTHING
    whole = round(abs(seconds))
    sign = _MINUS if seconds < 0 and whole else ""
    hours, minutes, rest = whole // 3600, whole // 60 % 60, whole % 60
    return f"{sign}{hours}:{minutes:02}:{rest:02}" if hours else f"{sign}{minutes}:{rest:02}"


def span(seconds: float | None) -> str:
    """Return how long something took: `38 ms`, `1.9 s`, `5 min 7 s`."""
    if seconds is None:
        return NOTHING
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 60:
        return f"{seconds:.1f} s"
    return f"{int(seconds // 60)} min {int(seconds % 60)} s"


def about(seconds: float | None) -> str:
    """Return a length of work in one rounded unit: `40 s`, `12 min`, `3 h`, `2 days`."""
    if seconds is None:
        return NOTHING
    for limit_s, unit_s, unit in ((90, 1, "s"), (5400, 60, "min"), (172_800, 3600, "h")):
        if seconds < limit_s:
            return f"{seconds / unit_s:.0f} {unit}"
    return f"{seconds / 86_400:.0f} days"


def size(count: int | None) -> str:
    """Return bytes in a fitting unit."""
    return NOTHING if count is None else str(filesizeformat(count))


def share(value: float) -> str:
    """Return a share of one in whole per cent, never rounded up to all or down to nothing."""
    percent = value * 100
    if 0 < percent < 1:
        return "under 1 %"
    return f"{min(percent, 99) if percent < 99.95 else 100:.0f} %"


def codec_name(audio_file: AudioFile) -> str:
    """Return what people call the codec: FFmpeg has `mp3float`, and a name for every kind of PCM."""
    return "wav" if audio_file.codec.startswith("pcm_") else audio_file.codec.removesuffix("float")


def audio_format(audio_file: AudioFile | None) -> str:
    """Return the format in a few words: `mp3 128 kbit/s`, `flac 44.1 kHz`."""
    if audio_file is None:
        return NOTHING
    codec = codec_name(audio_file)
    if is_lossless(audio_file) or not audio_file.bit_rate:
        return f"{codec} {audio_file.sample_rate_hz / 1000:g} kHz"
    return f"{codec} {audio_file.bit_rate / 1000:.0f} kbit/s"


def chance(probability: float) -> str:
    """Return how often a false accept is to be expected, in words: `1 in 40 million`."""
    if probability >= 0.5:
        return "1 in 2 or worse"
    if probability < 1e-12:
        return "less than 1 in a million million"
    odds = 1 / max(probability, 1e-12)
    for unit, word in ((1e9, "thousand million"), (1e6, "million"), (1e3, "thousand")):
        if odds >= unit:
            return f"1 in {_two_digits(odds / unit)} {word}"
    return f"1 in {_two_digits(odds)}"


def _two_digits(value: float) -> str:
    """Round to two significant digits: more would pretend."""
    return f"{float(f'{value:.2g}'):,.0f}"


def counted(count: int) -> str:
    """Return a number of waiting pairs; they are counted no further than `COUNT_LIMIT`."""
    return f"{count:,}+" if count >= COUNT_LIMIT else f"{count:,}"


def figure(value: float) -> str:
    """Return a number with three significant digits."""
    return f"{value:.3g}" if abs(value) < 1000 else f"{value:,.0f}"


def signed(value: float, decimals: int = 1) -> str:
    """Return a number with its sign; zero has none."""
    text = f"{abs(value):.{decimals}f}"
    if float(text) == 0:
        return text
    return (_MINUS if value < 0 else "+") + text


def tempo_words(ratio: float) -> str:
    """Return how much faster or slower the query is."""
    percent = (ratio - 1) * 100
    if abs(percent) < 0.15:
        return "unchanged"
    return f"{abs(percent):.1f} % {'faster' if percent > 0 else 'slower'}"


def pitch_words(semitones: float) -> str:
    """Return how much higher or lower the query is."""
    if abs(semitones) < 0.05:
        return "unchanged"
    return f"{abs(semitones):.1f} semitones {'higher' if semitones > 0 else 'lower'}"


def skipped_words(count: int) -> str:
    """Return the words of the button that takes up skipped pairs again."""
    return f"Review {count} skipped"


def pretty_json(value: object) -> str:
    """Return JSON on several lines, in the order it is sent."""
    return json.dumps(value, indent=2, ensure_ascii=False)


def unlocalized(value: float) -> str:
    """Return a number for a machine: a point before the decimals, whatever the language."""
    return f"{value:.2f}"
