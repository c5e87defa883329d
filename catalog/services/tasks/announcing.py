"""The callbacks of a task that has ended: the contract's body, and a fuller one with every match."""

from typing import Any

from catalog.models import Job, Match
from catalog.services.match_words import relation_words
from webhooks.contract import Body, Event, TaskName, TaskStatus
from webhooks.services import queue_messages

_SEGMENT = ("query_start_s", "query_end_s", "reference_start_s", "reference_end_s", "similarity")


def announce_end(job: Job) -> None:
    """Queue the callbacks of a job that has just ended; call it in the transaction that ends it."""
    queue_messages(
        owner=job.owner,
        event=job.task_name,
        event_key=job.task_id,
        subject=job.task_id,
        body=lambda: job.callback_body,
        full=lambda: full_body(job),
    )
    # What is perhaps another performance is told among the matches of a check, and is no match by itself.
    if _is_good_check(job) and job.matches.exclude(relation=Match.Relation.RELATED).exists():
        queue_messages(
            owner=job.owner,
            event=Event.MATCH_FOUND,
            event_key=f"{Event.MATCH_FOUND.value}:{job.task_id}",
            subject=job.task_id,
            body=lambda: match_found_body(job),
        )


def full_body(job: Job) -> Body:
    """Return the contract's body with the checked track and, for a successful check, every match."""
    body = job.callback_body | {"music_id": str(job.track.music_id)}
    return body | {"matches": matches_of(job)} if _is_good_check(job) else body


def match_found_body(job: Job) -> Body:
    """Return the body of `match.found`: the check, its track and what it found."""
    return {
        "type": Event.MATCH_FOUND.value,
        "task_id": job.task_id,
        "music_id": str(job.track.music_id),
        "title": job.track.title,
        "matches": matches_of(job),
    }


def matches_of(job: Job) -> list[dict[str, Any]]:
    """Return what a check found, the closest first, as the API answers it."""
    tracks = ("query_track__audio_file", "reference_track__audio_file")
    found = job.matches.select_related(*tracks).defer("similarity_curve").closest_first()
    return [match_facts(match) for match in found]


def match_facts(match: Match) -> dict[str, Any]:
    """Return one match with the names of `GET /task/result/{task_id}/matches`."""
    return {
        "musicId": str(match.reference_track.music_id),
        "title": match.reference_track.title,
        "is_copy": match.verdict == Match.Verdict.DUPLICATE,
        "relation": match.relation,
        "alteration": {
            "words": relation_words(match),
            "tempo_ratio": match.tempo_ratio,
            "pitch_semitones": match.pitch_semitones,
            "offset_s": match.offset_s,
        },
        "query_share": match.query_coverage,
        "reference_share": match.reference_coverage,
        "chance": match.false_accept_probability,
        "segments": [dict(zip(_SEGMENT, segment, strict=False)) for segment in match.segments],
    }


def _is_good_check(job: Job) -> bool:
    return job.task_name == TaskName.CHECK and job.status == TaskStatus.SUCCESS
