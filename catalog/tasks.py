"""What django-q calls by name; each only calls a service."""

from catalog.services import playback, queue_health, searching, work


def run_job(job_id: int) -> None:
    """Do one job."""
    work.run(job_id)


def checkpoint_index() -> None:
    """Write the caught-up index to a new file generation."""
    searching.process_index.checkpoint()


def answer_canary(cluster: str) -> None:
    """Show that this cluster's workers run."""
    queue_health.note_answer(cluster=cluster)


def store_peaks(audio_file_id: int) -> None:
    """Draw the waveform of one stored file."""
    playback.store_peaks(audio_file_id=audio_file_id)
