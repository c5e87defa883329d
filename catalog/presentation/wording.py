"""The catalog's values in words: states of tasks, scans and queues, verdicts, formats, probabilities."""

from django.utils.safestring import SafeString

from catalog.models import AudioFile, Decision, Job, Scan, Track
from catalog.selectors.review import COUNT_LIMIT
from catalog.services.alterations import codec_name
from catalog.services.audio.formats import keeps_samples
from queueing.models import ChunkedWork
from queueing.queue_health import QueueState
from staff.display import NOTHING, at_most, badge

# state -> (tone, icon, word); a state is never told by its colour alone
_JOB_STATES = {
    Job.Status.PENDING: ("waiting", "schedule", "waiting"),
    Job.Status.PROCESSING: ("running", "autorenew", "running"),
    Job.Status.SUCCESS: ("good", "check_circle", "success"),
    Job.Status.FAILURE: ("bad", "error", "failure"),
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
    Scan.Status.CANCELLED: ("off", "stop_circle", "stopped"),
    Scan.Status.FAILED: ("bad", "error", "failed"),
    Scan.Status.DONE: ("good", "check_circle", "done"),
}


def job_badge(status: str) -> SafeString:
    """Return a job's status as a badge."""
    return badge(*_JOB_STATES[Job.Status(status)])


def scan_badge(status: str) -> SafeString:
    """Return a scan's status as a badge."""
    return badge(*_SCAN_STATES[Scan.Status(status)])


def queue_badge(state: str) -> SafeString:
    """Return whether a queue works, as a badge."""
    return badge(*_QUEUE_STATES[QueueState(state)])


def stage_number(job: Job) -> int:
    """Return which of its three stages a running job has reached."""
    return _STAGES.get(job.stage, 0) + 1


def bulk_badge(work: ChunkedWork) -> SafeString:
    """Return the state of a bulk action or of a rule's run as a badge."""
    if work.ended_at is None:
        return badge("warning", "schedule", "waits") if work.error else badge("running", "autorenew", "running")
    if work.stopped_by_id:
        return badge("warning", "stop_circle", "stopped")
    if work.error:
        return badge("bad", "error", "given up")
    return badge("good", "check_circle", "done")


def source_badge(track: Track) -> SafeString:
    """Return a badge for a track without audio, whose owner made its fingerprint; empty for others."""
    made = track.made_by_client
    if made is None:
        return SafeString("")
    if made.is_outdated:
        return badge("bad", "update", "fingerprint outdated")
    if made.confirmed_at is None:
        return badge("warning", "fingerprint", "fingerprint by the client, not confirmed")
    return badge("off", "fingerprint", "fingerprint by the client")


def audio_format(audio_file: AudioFile | None) -> str:
    """Return the format in a few words: `mp3 128 kbit/s`, `flac 44.1 kHz`."""
    if audio_file is None:
        return NOTHING
    codec = codec_name(audio_file)
    if keeps_samples(audio_file) or not audio_file.bit_rate:
        return f"{codec} {audio_file.sample_rate_hz / 1000:g} kHz"
    return f"{codec} {audio_file.bit_rate / 1000:.0f} kbit/s"


def chance(probability: float) -> str:
    """Return the expected rate of false accepts in words: `1 in 40 million`."""
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
    """Return a number of waiting pairs, which are counted up to `COUNT_LIMIT`."""
    return at_most(count, COUNT_LIMIT)


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


def pair_words(decision: Decision) -> str:
    """Return a decision with the titles of both tracks."""
    first, second = decision.first_track.title, decision.second_track.title
    return f"“{first}” and “{second}”: {decision.words}"


def skipped_words(count: int) -> str:
    """Return the words of the button that takes up skipped pairs again."""
    return f"Review {count} skipped"
