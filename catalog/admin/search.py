"""How the search finds what is in the catalog."""

from catalog.models import ApiKey, Job, Track
from catalog.selectors.track_filters import is_music_id
from staff.search import Page, TableKind, register
from staff.search.kinds import Texts, by_id

NEWEST_TRACKS = 200_000  # each 100,000 take 15 to 30 ms at every key that is typed


def _said_of_track(track: Track) -> Texts:
    yield "ISRC", track.isrc
    yield "title", track.title
    yield "title in the tags", str(track.tags.get("title") or "")
    yield "artist", track.artist
    yield "album", track.album
    yield "file", track.file_name
    yield "musicId", str(track.music_id)


def _beside_track(track: Track) -> str:
    gone = "removed" if track.removed_at else ""
    return " · ".join(filter(None, (track.artist, track.owner.get_username(), gone)))


def _said_of_task(task: Job) -> Texts:
    yield "id", task.task_id
    yield "musicId", str(task.track.music_id)


register(
    TableKind(
        10,
        Track,
        "library_music",
        _said_of_track,
        beside=_beside_track,
        related=("owner",),
        list_query={"state": "all"},
        newest=NEWEST_TRACKS,
        is_id=is_music_id,
    ),
    TableKind(
        20,
        Job,
        "task_alt",
        _said_of_task,
        by_id,
        beside=lambda task: f"{task.get_task_name_display()}, {task.get_status_display()} · {task.track}",
        related=("track",),
    ),
    TableKind(
        70,
        ApiKey,
        "key",
        lambda key: [("key", key.prefix), ("label", key.label), ("owner", key.owner.get_username())],
        beside=lambda key: f"{key.label} · {key.owner.get_username()}" if key.label else key.owner.get_username(),
        related=("owner",),
    ),
    Page("Upload tracks", "admin:catalog_track_add", "catalog.add_track", "new add file audio"),
    Page("Add a rule", "admin:catalog_rule_add", "catalog.add_rule", "new identical family allow-list"),
    Page("Create an API key", "admin:catalog_apikey_add", "catalog.add_apikey", "new token access"),
)
